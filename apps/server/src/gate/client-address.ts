import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { type ClientAddress, shareOf } from '@parley/api';
import ipaddr from 'ipaddr.js';

/**
 * Returns whether a proxy's `X-Forwarded-For` is trusted. `hop` is the number of proxies between it and this
 * server.
 */
export type TrustProxy = ((address: string, hop: number) => boolean) | false;

type Address = ReturnType<typeof ipaddr.process>;

/** The parts of a request that identify its client. */
interface AddressedRequest {
  readonly headers: IncomingHttpHeaders;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** The hextets of an IPv6 /64, the network of one household or one attacker. */
const HEXTETS_OF_64 = 4;
/** The address of requests whose connection was closed before it was read. They count together. */
const UNKNOWN: ClientAddress = { text: 'unknown', isUnnamedProxy: false };

/**
 * Returns the client's address as rate limits count it: the nearest address in `X-Forwarded-For` that is not a
 * trusted proxy's, or the peer's own. An entry that is no address (`unknown`) ends the search at the peer, so it
 * never removes a limit. Other headers (`Forwarded`, `X-Real-IP`) are not read: a proxy that does not know them
 * passes on what the client wrote.
 */
export function clientAddress({ headers, socket }: AddressedRequest, trusts: TrustProxy): ClientAddress {
  const peer = parseAddress(socket.remoteAddress);
  if (!peer) return UNKNOWN;
  const entries = forwardedFor(headers);
  let found = peer;
  let hop = 0;
  while (trusts && hop < entries.length && trusts(found.toString(), hop)) {
    const next = parseEntry(entries[hop] ?? '');
    if (!next) return { text: textOf(peer), isUnnamedProxy: false };
    found = next;
    hop++;
  }
  const text = textOf(found);
  const isUnnamedProxy = isForwarded(headers) && PRIVATE.has(peer.range()) && !isTrusted(peer, trusts);
  // If `TRUST_PROXY` names proxies, every other peer has the limits of one address, because it may be a client that
  // writes the header itself.
  if (!isUnnamedProxy || trusts) return { text, isUnnamedProxy };
  return { text, isUnnamedProxy, share: shareOf(forwardedClient(headers)) };
}

/** The client that an unnamed proxy names. It can be forged, but it is the same for all requests of one visitor. */
function forwardedClient(headers: IncomingHttpHeaders): string {
  const [nearest] = forwardedFor(headers);
  if (nearest !== undefined) {
    const address = parseEntry(nearest);
    return address ? textOf(address) : nearest;
  }
  return [headers['x-real-ip'] ?? headers.forwarded ?? []].flat().join();
}

/**
 * Returns the address that a connection counts for; undefined for proxies and for peers in private networks, which
 * send the requests of many clients.
 */
export function peerAddress(
  socket: AddressedRequest['socket'],
  trusts: TrustProxy,
): ClientAddress | undefined {
  const peer = parseAddress(socket.remoteAddress);
  if (!peer || PRIVATE.has(peer.range()) || isTrusted(peer, trusts)) return undefined;
  return { text: textOf(peer), isUnnamedProxy: false };
}

function isTrusted(peer: Address, trusts: TrustProxy): boolean {
  return trusts !== false && trusts(peer.toString(), 0);
}

/** The private networks, in which a company's own proxies are. */
const PRIVATE: ReadonlySet<string> = new Set([
  'loopback',
  'private',
  'linkLocal',
  'uniqueLocal',
  'carrierGradeNat',
]);

/**
 * Parses `TRUST_PROXY`.
 *
 * @throws Error if a part of the text is neither an address nor a network
 */
export function parseTrustProxy(text: string): TrustProxy {
  if (text === 'off') return false;
  if (/^[1-9]\d?$/.test(text)) {
    const proxies = Number(text);
    return (_address, hop) => hop < proxies;
  }
  const trusted = new BlockList();
  for (const part of text.split(',').map((one) => one.trim())) {
    for (const network of NAMED[part] ?? [part]) addNetwork(trusted, network);
  }
  return (address) => trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** The networks that can be given by name. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/**
 * Addresses must be written in full: `10.1` and `1.5` are addresses to some programs, and mistakes to most people.
 */
function addNetwork(list: BlockList, text: string): void {
  const [address = '', bits] = text.split('/');
  const version = isIP(address);
  if (version === 0 || (bits !== undefined && !ipaddr.isValidCIDR(text))) {
    throw new Error(`${JSON.stringify(text)} is no address, network or number`);
  }
  const family = version === 6 ? 'ipv6' : 'ipv4';
  if (bits === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(bits), family);
}

/** Returns the entries of `X-Forwarded-For`, the nearest proxy's first. */
function forwardedFor(headers: IncomingHttpHeaders): string[] {
  const header = [headers['x-forwarded-for'] ?? []].flat().join(',');
  return header === '' ? [] : header.split(',').reverse();
}

/** Returns whether a header says that the request came through a proxy. */
export function isForwarded(headers: IncomingHttpHeaders): boolean {
  return 'x-forwarded-for' in headers || 'forwarded' in headers || 'x-real-ip' in headers;
}

/**
 * Parses an address as proxies write it: bare, `192.0.2.1:4711`, `[2001:db8::1]` or `[2001:db8::1]:4711`,
 * optionally quoted.
 */
function parseEntry(entry: string): Address | undefined {
  const text = entry.trim().replace(/^"(.*)"$/, '$1');
  const [, inBrackets] = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text) ?? [];
  const [, beforePort] = /^([\d.]+):\d{1,5}$/.exec(text) ?? [];
  return parseAddress(inBrackets ?? beforePort ?? text);
}

function parseAddress(text: string | undefined): Address | undefined {
  // ipaddr.js accepts short forms such as `10.1`, and `isIP` does not. An IPv4 address over IPv6 is an IPv4 address.
  return text !== undefined && isIP(text) !== 0 ? ipaddr.process(text) : undefined;
}

function textOf(address: Address): string {
  if (address instanceof ipaddr.IPv4) return address.toString();
  const network = address.parts.slice(0, HEXTETS_OF_64).map((part) => part.toString(16));
  return `${network.join(':')}::/64`;
}
