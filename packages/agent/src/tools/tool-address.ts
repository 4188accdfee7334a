import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { ToolFailure } from './tool-failure.ts';

/** The permitted addresses of tools. */
export interface ToolAddresses {
  /** Whether addresses of this machine and of its networks are permitted, and URLs without TLS. */
  readonly arePrivateAllowed: boolean;
  /** Resolves host names; by default with the system's resolver. */
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
 * Services that clouds offer to their own machines: instance metadata, credentials, name service, private access to
 * the provider's APIs. Some have addresses that look public, others are in ranges that `TOOLS_PRIVATE_ADDRESSES`
 * permits.
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

/** The public part of IPv6; `ipaddr.js` calls every address without a special range `unicast`. */
const IPV6_GLOBAL = ipaddr.parseCIDR('2000::/3');

/** Names that no public name server resolves: they lead to the machine, its networks or a cloud's services. */
const PRIVATE_NAMES = /^(?:[^.]+|.*\.(?:localhost|local|internal|home\.arpa))$/i;

/** Whether the address is reachable on the public internet. */
export function isPublicAddress(address: string): boolean {
  const parsed = parseAddress(address);
  // A zone names a link, so an address with a zone is local.
  if (parsed === undefined || address.includes('%')) return false;
  if (parsed.range() !== 'unicast' || isPlatform(parsed)) return false;
  return parsed.kind() === 'ipv4' || parsed.match(IPV6_GLOBAL);
}

/**
 * Whether the address belongs to a cloud's internal service. No tool is called there, even if private addresses are
 * permitted.
 */
export function isPlatformAddress(address: string): boolean {
  const parsed = parseAddress(address);
  return parsed !== undefined && isPlatform(withoutTranslation(parsed));
}

function parseAddress(address: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  // `ipaddr.js` also parses "127.1"; only the forms that sockets accept are addresses here.
  return isIP(address) === 0 ? undefined : ipaddr.parse(address);
}

/** The IPv4 address that an IPv6 address represents, if the system or a NAT64 translates it. */
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

/**
 * The reason why a tool cannot be called at this URL, as far as the URL itself shows it: a sentence for the person
 * who configures it.
 */
export function problemOfToolUrl(
  text: string,
  addresses: Pick<ToolAddresses, 'arePrivateAllowed'>,
): string | undefined {
  const url = URL.parse(text);
  if (!addresses.arePrivateAllowed && url?.protocol !== 'https:') return 'must be https';
  // The URL parser has normalized every spelling of an IPv4 address.
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
 * Resolves names for a connection, which is then made to the checked address. The name is checked at every
 * connection, because its addresses can change. If a name has several addresses, all of them must be permitted.
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
