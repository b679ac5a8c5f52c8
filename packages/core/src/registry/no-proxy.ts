import { BlockList, isIP } from 'node:net';

/**
 * `NO_PROXY`: entries separated by commas or spaces. A name stands for itself and what is below it, an address for
 * itself, `address/bits` for a network, `*` for everything; a port narrows it. What is not understood exempts nothing.
 */
export function isExempt({ hostname, port, protocol }: URL, list: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const actualPort = port || (protocol === 'https:' ? '443' : '80');
  return list.split(/[\s,]+/).some((entry) => entry === '*' || isNamed(host, actualPort, entry.toLowerCase()));
}

function isNamed(host: string, port: string, entry: string): boolean {
  const [, network = '', bits] = /^([0-9a-f:.]+)\/(\d{1,3})$/.exec(entry) ?? [];
  if (bits !== undefined) return isWithin(host, network, Number(bits));
  if (isIP(entry)) return isWithin(host, entry);
  const [, name = '', onlyPort] = /^(\[[^\]]+\]|[^:]+)(?::(\d{1,5}))?$/.exec(entry) ?? [];
  if (onlyPort !== undefined && Number(onlyPort) !== Number(port)) return false;
  const address = name.replace(/^\[|\]$/g, '');
  if (isIP(address)) return isWithin(host, address);
  const domain = name.replace(/^\*?\./, '').replace(/\.$/, '');
  return domain !== '' && isIP(host) === 0 && (host === domain || host.endsWith(`.${domain}`));
}

/** By value: an address has several spellings. Names are not resolved for this. */
function isWithin(host: string, network: string, bits?: number): boolean {
  const family = isIP(network);
  const most = family === 6 ? 128 : 32;
  if (family === 0 || (bits ?? most) > most) return false;
  const list = new BlockList();
  list.addSubnet(network, bits ?? most, `ipv${family}` as 'ipv4' | 'ipv6');
  return list.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}
