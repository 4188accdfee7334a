import { createHash } from 'node:crypto';
import { limits } from '@parley/contract';

/** The address of a client, as rate limits count it. */
export interface ClientAddress {
  /** An IPv4 address, or the /64 network of an IPv6 address, written `2001:db8:1:2::/64`. */
  readonly text: string;
  /** Whether it is a proxy in a private network that `TRUST_PROXY` does not name. Its visitors share this address. */
  readonly isUnnamedProxy: boolean;
  /** The share of an unnamed proxy's limits that the request counts for, while `TRUST_PROXY` is off. */
  readonly share?: number;
}

/**
 * Chooses the share of an unnamed proxy's limits by the client that the proxy names, so that one visitor cannot use all
 * shares. A client that forges the header can, but gets no more.
 */
export function shareOf(forwarded: string): number {
  return createHash('sha256').update(forwarded).digest().readUInt32BE() % limits.unnamedProxyFactor;
}

/**
 * Returns the /48 network around an IPv6 /64, because providers give a whole /48 to one customer. Undefined for
 * IPv4.
 */
export function widerNetwork(text: string): string | undefined {
  const [, first48] = /^([\da-f]+:[\da-f]+:[\da-f]+):[\da-f]+::\/64$/.exec(text) ?? [];
  return first48 === undefined ? undefined : `${first48}::/48`;
}

/** A network with a limit, as a multiple of the limit of one address. */
export interface CountedNetwork {
  readonly text: string;
  readonly factor: number;
}

/**
 * Returns the networks that running answers, open streams and guests' budgets count for. An unnamed proxy has
 * `unnamedProxyFactor` times the limits of one address, in as many shares.
 */
export function boundedNetworks(client: ClientAddress | undefined): readonly CountedNetwork[] {
  if (!client) return [];
  const { text, share } = client;
  return share === undefined ? countedNetworks(text) : [{ text: `${text} share ${share}`, factor: 1 }];
}

/** Returns the networks that a client counts for: its own address, and the /48 around an IPv6 address. */
export function countedNetworks(text: string): readonly CountedNetwork[] {
  const wider = widerNetwork(text);
  const own = { text, factor: 1 };
  return wider === undefined ? [own] : [own, { text: wider, factor: limits.widerNetworkFactor }];
}
