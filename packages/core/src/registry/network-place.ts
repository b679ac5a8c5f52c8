import { BlockList, isIP } from 'node:net';

export type NetworkPlace = 'loopback' | 'private' | 'public';

/**
 * Where a URL's host is, judged by its spelling alone. A public name that resolves to a private address is left to TLS:
 * nothing but https is spoken beyond loopback, and no machine in there has a certificate for that name.
 */
export function placeOf(hostname: string): NetworkPlace {
  const host = hostname.replace(/\.$/, '');
  if (host === 'localhost') return 'loopback';
  const address = host.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  // RFC 6761 gives every name below localhost to loopback, but resolvers differ: never a target, never plain http.
  if (family === 0) return host.endsWith('.localhost') ? 'private' : 'public';
  const kind = family === 6 ? 'ipv6' : 'ipv4';
  if (loopback.check(address, kind)) return 'loopback';
  return notPublic.check(address, kind) ? 'private' : 'public';
}

// Both lists also hold the IPv4-mapped IPv6 spelling of their IPv4 rules.
const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

// IANA special-purpose registries: this host, private, shared, link-local (cloud metadata), multicast, reserved.
const notPublic = new BlockList();
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  notPublic.addSubnet(net, prefix, 'ipv4');
}
for (const [net, prefix] of [
  ['::', 128],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  notPublic.addSubnet(net, prefix, 'ipv6');
}
