import { createHash } from 'node:crypto';
import type { TurnOrigin } from '@parley/db';
import { type Caller, type CallerProof, isVerifiedUser } from './caller.ts';
import { type ClientAddress, countedNetworks } from './gate/client-address.ts';

/**
 * Where a turn comes from. A secret key stands for a team's servers: their address says nothing about who asked.
 * The address of a proxy that nobody named is that of all its visitors, and says nothing either.
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

/** Stored while a turn is unfinished: what is read there by chance names no address. */
function hash(network: string): string {
  return createHash('sha256').update(`parley network ${network}`).digest('base64url').slice(0, 16);
}
