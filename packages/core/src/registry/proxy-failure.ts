import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import type { ProxyServer } from './choose-proxy.ts';
import { describeFailure } from './network-failure.ts';

/** `proxy`: it does not work, or not for us. `proxy-target`: it did not get to the registry, which may pass. */
export type ProxyFailureReason = 'proxy' | 'proxy-target';

export function proxyFailure(
  { location }: ProxyServer,
  host: string,
  reason: ProxyFailureReason,
  what: string,
  cause?: Error,
): CodedError {
  return new CodedError(
    'REGISTRY_UNREACHABLE',
    `cannot read from ${printable(host)}: the proxy ${printable(location)} ${what}; nothing went around it`,
    {
      suggestions: ['Check that the proxy runs, and what HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say.'],
      details: { host, reason, proxy: location },
      ...(cause && { cause }),
    },
  );
}

/** The way to the proxy failed, or what came from there was no answer of one. */
export function brokenProxy(proxy: ProxyServer, host: string, error: unknown): CodedError {
  const { code, message, cause } = describeFailure(error);
  return proxyFailure(proxy, host, 'proxy', `does not work: ${message}${code ? ` (${code})` : ''}`, cause);
}
