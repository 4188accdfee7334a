import { BlockList, isIPv6 } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Returns whether a socket's peer is this machine. */
export function isLoopbackAddress(address: string | undefined): boolean {
  if (address === undefined) return false;
  // A socket that listens for both writes an IPv4 peer as `::ffff:127.0.0.1`, which the list contains.
  return loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
