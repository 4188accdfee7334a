import { createHash } from 'node:crypto';
import type { TurnOrigin } from '@parley/db';
import { type Caller, type CallerProof, isVerifiedUser } from './caller.ts';
import { boundedNetworks, type ClientAddress } from './gate/client-address.ts';

/**
 * Returns the origin of a turn. For secret keys it has no networks, because the address is that of the team's
 * server.
 */
export function originOf(
  caller: Pick<Caller, 'kind'> & { readonly as: CallerProof },
  client: ClientAddress | undefined,
): TurnOrigin {
  if (caller.kind === 'secret') return { isPrivileged: true };
  const isPrivileged = isVerifiedUser(caller);
  const networks = boundedNetworks(client).map(({ text }) => hash(text));
  return { isPrivileged, ...(networks.length > 0 && { networks }) };
}

/** Hashes a network, so that a stored turn contains no address. */
function hash(network: string): string {
  return createHash('sha256').update(`parley network ${network}`).digest('base64url').slice(0, 16);
}
