import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';

/** Whose word for a client's address is taken: so many proxies in a row, or these. */
export type TrustProxy = ((address: string, hop: number) => boolean) | string[] | false;

/** A network of this size is one household's, or one attacker's. */
const IPV6_PREFIX = 64;

/**
 * Where a request comes from, as limits count it: an IPv4 address, or the /64 of an IPv6 one. Undefined when only a
 * proxy is known that nobody told us of: its address would be that of all its visitors.
 */
export function clientAddress({ ip, headers, socket }: FastifyRequest): string | undefined {
  const address = parse(ip);
  if (!address) return undefined;
  const isUnchanged = address.toString() === parse(socket.remoteAddress)?.toString();
  if (isUnchanged && isForwarded(headers) && address.range() !== 'unicast') return undefined;
  if (address.kind() === 'ipv4') return address.toString();
  return ipaddr.IPv6.networkAddressFromCIDR(`${address}/${IPV6_PREFIX}`).toString();
}

/** @throws Error when a part of the text names no address and no network */
export function parseTrustProxy(text: string): TrustProxy {
  if (text === 'off') return false;
  if (/^[1-9]\d?$/.test(text)) {
    const proxies = Number(text);
    return (_address, hop) => hop < proxies;
  }
  const parts = text.split(',').map((part) => part.trim());
  const wrong = parts.find((part) => !NAMED.has(part) && !isAddressOrNetwork(part));
  if (wrong !== undefined) throw new Error(`${JSON.stringify(wrong)} is no address, network or number`);
  return parts;
}

/** In full: `10.1` and `1.5` mean addresses to some, and mistakes to most. */
function isAddressOrNetwork(text: string): boolean {
  const [address = '', bits] = text.split('/');
  return isIP(address) !== 0 && (bits === undefined || ipaddr.isValidCIDR(text));
}

/** Networks that Fastify's `trustProxy` knows by name. */
const NAMED: ReadonlySet<string> = new Set(['loopback', 'linklocal', 'uniquelocal']);

function parse(text: string | undefined) {
  // An IPv4 address that came over an IPv6 socket is one all the same.
  return text !== undefined && ipaddr.isValid(text) ? ipaddr.process(text) : undefined;
}

function isForwarded(headers: FastifyRequest['headers']): boolean {
  return ['forwarded', 'x-forwarded-for', 'x-real-ip'].some((name) => name in headers);
}
