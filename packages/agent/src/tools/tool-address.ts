import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { ToolFailure } from './tool-failure.ts';

/** Where tools may be. */
export interface ToolAddresses {
  /** Whether tools of the machine itself and of its networks are called, and such without TLS. */
  readonly arePrivateAllowed: boolean;
  /** How names become addresses; the system's way unless said otherwise. */
  readonly lookup?: ToolLookup | undefined;
}

export interface FoundAddress {
  readonly address: string;
  readonly family: number;
}

export type ToolLookup = (
  hostname: string,
  options: { readonly all: true },
  callback: (error: Error | null, addresses: readonly FoundAddress[]) => void,
) => void;

/** All of IPv4 that is nobody's on the internet: IANA's special-purpose addresses, multicast and the reserved. */
const IPV4_REFUSED = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...[
    '192.0.0.0/24',
    '192.0.2.0/24',
    '192.31.196.0/24',
    '192.52.193.0/24',
    '192.88.99.0/24',
    '192.168.0.0/16',
  ],
  ...['192.175.48.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
];
/** All that is on the internet: mapped, compatible, translated (NAT64), local and multicast ones are not in it. */
const IPV6_GLOBAL = '2000::/3';
/** What of that is no host's: protocols (Teredo, benchmarks, ORCHID), examples, 6to4, AS112. */
const IPV6_REFUSED = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];

const refused = listOf([...IPV4_REFUSED, ...IPV6_REFUSED]);
const global = listOf([IPV6_GLOBAL]);

/** Whether an address is one of the public internet. */
export function isPublicAddress(address: string): boolean {
  // A zone names a link: what has one is local.
  if (address.includes('%')) return false;
  const version = isIP(address);
  if (version === 4) return !refused.check(address, 'ipv4');
  return version === 6 && global.check(address, 'ipv6') && !refused.check(address, 'ipv6');
}

/** What keeps a tool from being called at this address, before its name is looked up. A sentence for who sets it. */
export function problemOfToolUrl(
  text: string,
  { arePrivateAllowed }: Pick<ToolAddresses, 'arePrivateAllowed'>,
): string | undefined {
  if (arePrivateAllowed) return undefined;
  const url = URL.parse(text);
  if (url?.protocol !== 'https:') return 'must be https';
  // The parser has made every spelling of an IPv4 address the plain one.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(host) !== 0 && !isPublicAddress(host) ? 'must be an address of the public internet' : undefined;
}

/**
 * Looks names up for a connection, which is then made to what was found here and to nothing else: a name that leads
 * elsewhere the next time leads nowhere. Of several addresses all must be public.
 */
export function guardedLookup(lookup: ToolLookup = systemLookup): LookupFunction {
  return (hostname, { all }, callback) => {
    lookup(hostname, { all: true }, (error, found) => {
      const [first] = found ?? [];
      if (error) callback(error, []);
      else if (!first || !found.every(({ address }) => isPublicAddress(address))) {
        callback(new ToolFailure('refused_address'), []);
      } else if (all) callback(null, [...found]);
      else callback(null, first.address, first.family);
    });
  };
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    list.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}
