import { CodedError } from '../errors/coded-error.ts';
import { placeOf } from './network-place.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const PROXY_VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'] as const;

/**
 * This version knows no proxies. Whoever set one may depend on it for anonymity, so a direct connection in its place
 * is refused, never made in silence.
 */
export function refuseProxy(target: URL, env: Environment): void {
  if (placeOf(target.hostname) === 'loopback') return;
  const variable = PROXY_VARIABLES.find((name) => env[name]?.trim());
  if (variable === undefined || isExempt(target, env.NO_PROXY?.trim() || env.no_proxy || '')) return;
  throw new CodedError(
    'USAGE',
    `${variable} is set, and proxies are not supported by this version: ${target.host} was not contacted`,
    {
      suggestions: [
        `If a direct connection to ${target.hostname} is acceptable to you, add it to NO_PROXY, or unset ${variable}.`,
        'Otherwise do not use this version to download.',
      ],
      details: { variable, host: target.host },
    },
  );
}

/** `NO_PROXY`: names separated by commas or spaces, each for itself and what is below it; `*` is everything. */
function isExempt({ hostname, port, protocol }: URL, list: string): boolean {
  const actualPort = port || (protocol === 'https:' ? '443' : '80');
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === '*') return true;
    const [, name, onlyPort] = /^(?:\*?\.)?(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (name === undefined || (onlyPort !== undefined && onlyPort !== actualPort)) return false;
    return hostname === name || hostname.endsWith(`.${name}`);
  });
}
