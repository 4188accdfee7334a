import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { ToolFailure } from './tool-failure.ts';

/** Where tools may be. */
export interface ToolAddresses {
  /** Whether tools of the machine itself and of its networks are called, and such without TLS. */
  readonly arePrivateAllowed: boolean;
  /** How names become addresses; the system's way unless said otherwise. */
  readonly lookup?: ToolLookup | undefined;
}

/** An IP address that a host name resolved to; `family` is 4 or 6. */
export interface FoundAddress {
  readonly address: string;
  readonly family: number;
}

/** Resolves a host name to all of its addresses, in the form of `dns.lookup`. */
export type ToolLookup = (
  hostname: string,
  options: { readonly all: true },
  callback: (error: Error | null, addresses: readonly FoundAddress[]) => void,
) => void;

/**
 * Services that clouds offer to their own machines: instance metadata, credentials, name service, private access to the
 * provider's APIs. Some answer at addresses that look public, others in ranges that `TOOLS_PRIVATE_ADDRESSES` allows.
 */
const PLATFORM_NETWORKS = [
  // Link-local: the metadata services of AWS, Azure, Google, Oracle, IBM and most others; AWS task credentials.
  ...['169.254.0.0/16', 'fe80::/10'],
  // AWS over IPv6: metadata (::254), name service (::253), pod credentials (::23).
  'fd00:ec2::/32',
  // Azure's host agent.
  '168.63.129.16/32',
  // Google: metadata over IPv6, and the private entrances to its APIs.
  ...['fd20:ce::254/128', '199.36.153.4/30', '199.36.153.8/30'],
  // Alibaba: metadata and name service.
  ...['100.100.100.200/32', '100.100.2.136/32', '100.100.2.138/32'],
  // Oracle: metadata of older machines, and over IPv6.
  ...['192.0.0.192/32', 'fd00:c1::a9fe:a9fe/128'],
  // Scaleway over IPv6.
  'fd00:42::42/128',
  // IBM: infrastructure and private service endpoints.
  ...['161.26.0.0/16', '166.8.0.0/14'],
].map((network) => ipaddr.parseCIDR(network));

/** The part of IPv6 that is on the internet; `ipaddr.js` calls everything `unicast` that has no range of its own. */
const IPV6_GLOBAL = ipaddr.parseCIDR('2000::/3');

/** Names that no public name server knows: they lead to the machine, its networks or a cloud's services. */
const PRIVATE_NAMES = /^(?:[^.]+|.*\.(?:localhost|local|internal|home\.arpa))$/i;

/** Whether the public internet leads to this address. */
export function isPublicAddress(address: string): boolean {
  const parsed = parseAddress(address);
  // A zone names a link: an address with one is local.
  if (parsed === undefined || address.includes('%')) return false;
  if (parsed.range() !== 'unicast' || isPlatform(parsed)) return false;
  return parsed.kind() === 'ipv4' || parsed.match(IPV6_GLOBAL);
}

/** Whether a cloud offers a service of its own there; no tool is called at such an address, whatever is allowed. */
export function isPlatformAddress(address: string): boolean {
  const parsed = parseAddress(address);
  return parsed !== undefined && isPlatform(withoutTranslation(parsed));
}

function parseAddress(address: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  // `ipaddr.js` also reads "127.1"; here an address is only what a socket takes as one.
  return isIP(address) === 0 ? undefined : ipaddr.parse(address);
}

/** The IPv4 address that an IPv6 address stands for, where the system or a NAT64 translates it. */
function withoutTranslation(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  const isTranslated = ['ipv4Mapped', 'rfc6052'].includes(address.range());
  return isTranslated ? new ipaddr.IPv4(address.toByteArray().slice(-4)) : address;
}

function isPlatform(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return PLATFORM_NETWORKS.some((network) => address.kind() === network[0].kind() && address.match(network));
}

/** Whether a connection may be made to this address. */
function isAllowed(
  address: string,
  { arePrivateAllowed }: Pick<ToolAddresses, 'arePrivateAllowed'>,
): boolean {
  return arePrivateAllowed ? !isPlatformAddress(address) : isPublicAddress(address);
}

/** Why a tool cannot be called at this URL, as far as the URL itself says so: a sentence for whoever sets it. */
export function problemOfToolUrl(
  text: string,
  addresses: Pick<ToolAddresses, 'arePrivateAllowed'>,
): string | undefined {
  const url = URL.parse(text);
  if (!addresses.arePrivateAllowed && url?.protocol !== 'https:') return 'must be https';
  // The parser has made every spelling of an IPv4 address the plain one.
  const host = (url?.hostname ?? '').replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  const isGood = isIP(host) === 0 ? isNameAllowed(host, addresses) : isAllowed(host, addresses);
  if (isGood) return undefined;
  return addresses.arePrivateAllowed
    ? 'must not be an address of a cloud platform, such as its metadata service'
    : 'must be an address of the public internet';
}

function isNameAllowed(
  host: string,
  { arePrivateAllowed }: Pick<ToolAddresses, 'arePrivateAllowed'>,
): boolean {
  return arePrivateAllowed || !PRIVATE_NAMES.test(host);
}

/**
 * Looks up names for a connection, which is then made to the address that was checked here: a name that leads
 * elsewhere the next time is checked again. If a name has several addresses, all of them must be allowed.
 */
export function guardedLookup({ lookup = systemLookup, ...addresses }: ToolAddresses): LookupFunction {
  return (hostname, { all }, callback) => {
    lookup(hostname, { all: true }, (error, found) => {
      const [first] = found ?? [];
      if (error) callback(error, []);
      else if (!first || !found.every(({ address }) => isAllowed(address, addresses))) {
        callback(new ToolFailure('refused_address'), []);
      } else if (all) callback(null, [...found]);
      else callback(null, first.address, first.family);
    });
  };
}
