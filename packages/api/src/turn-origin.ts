import { createHash } from 'node:crypto';
import type { TurnOrigin } from '@parley/db';
import { type Caller, type CallerProof, isVerifiedUser } from './caller.ts';
import { type ClientAddress, countedNetworks } from './gate/client-address.ts';

/**
 * Returns the origin of a turn. For secret keys it has no networks, because the address is that of the team's
 * server. The address of an unnamed proxy is left out too, because all its visitors share it.
 */
export function originOf(
  caller: Pick<Caller, 'kind'> & { readonly as: CallerProof },
  client: ClientAddress | undefined,
): TurnOrigin {
  if (caller.kind === 'secret') return { isPrivileged: true };
  const isPrivileged = isVerifiedUser(caller);
  if (!client || client.isUnnamedProxy) return { isPrivileged };
  return { isPrivileged, networks: countedNetworks(client.text).map(({ text }) => hash(text)) };
}

/** Hashes a network, so that a stored turn contains no address. */
function hash(network: string): string {
  return createHash('sha256').update(`parley network ${network}`).digest('base64url').slice(0, 16);
}
