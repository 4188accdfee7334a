import { limits } from '@parley/contract';

/** Where a request comes from, as limits count it. */
export interface ClientAddress {
  /** An IPv4 address, or the /64 network of an IPv6 address, written `2001:db8:1:2::/64`. */
  readonly text: string;
  /**
   * It is a proxy in a private network that `TRUST_PROXY` does not name, so that this address stands for all of the
   * proxy's visitors.
   */
  readonly isUnnamedProxy: boolean;
}

/** The /48 that an IPv6 client's /64 lies in: providers give a whole /48 to one customer. Undefined for IPv4. */
export function widerNetwork(text: string): string | undefined {
  const [, first48] = /^([\da-f]+:[\da-f]+:[\da-f]+):[\da-f]+::\/64$/.exec(text) ?? [];
  return first48 === undefined ? undefined : `${first48}::/48`;
}

/** A network that a bound counts, and how many times the bound of one address it has. */
export interface CountedNetwork {
  readonly text: string;
  readonly factor: number;
}

/** The networks in which a client counts: its own address, and the /48 around an IPv6 one. */
export function countedNetworks(text: string): readonly CountedNetwork[] {
  const wider = widerNetwork(text);
  const own = { text, factor: 1 };
  return wider === undefined ? [own] : [own, { text: wider, factor: limits.widerNetworkFactor }];
}
