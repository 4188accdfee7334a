import { createHash } from 'node:crypto';
import type { CallerIdentity } from '@parley/api';
import type { FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';

/** The part of a client's address that the log contains: all that limits count, its network, or nothing. */
export type LogAddresses = 'full' | 'network' | 'off';

const NETWORK_BITS = { ipv4: 24, ipv6: 48 } as const;
const HASH_LENGTH = 16;

/**
 * The caller and the client of a request in the log, as far as they are known: ids, a hash and an address, no
 * secrets.
 */
export function attributionOf(
  { identity, client }: Pick<FastifyRequest, 'identity' | 'client'>,
  addresses: LogAddresses,
): { team?: string; key?: string; user?: string; address?: string } {
  // A request that is not HTTP has no client yet.
  const address = loggedAddress(client?.()?.text, addresses);
  return {
    ...(identity && { team: identity.team, key: identity.key }),
    ...(identity?.user !== undefined && { user: userHash(identity.team, identity.user) }),
    ...(address !== undefined && { address }),
  };
}

/**
 * Returns a pseudonym of a user for the log, because the id may be a mail address. Operators compute it from an id
 * they know. It does not protect against guessing ids.
 */
export function userHash(team: string, user: string): string {
  return createHash('sha256').update(`${team}/${user}`).digest('hex').slice(0, HASH_LENGTH);
}

function loggedAddress(text: string | undefined, addresses: LogAddresses): string | undefined {
  if (text === undefined || addresses === 'off') return undefined;
  if (addresses === 'full') return text;
  const [address = ''] = text.split('/');
  if (!ipaddr.isValid(address)) return undefined;
  const kind = ipaddr.parse(address).kind();
  const network = `${address}/${NETWORK_BITS[kind]}`;
  const first =
    kind === 'ipv4'
      ? ipaddr.IPv4.networkAddressFromCIDR(network)
      : ipaddr.IPv6.networkAddressFromCIDR(network);
  return `${first}/${NETWORK_BITS[kind]}`;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller, as soon as the key is found. */
    identity?: CallerIdentity;
  }
}
