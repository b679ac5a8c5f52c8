import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import type { HttpRequest } from './send-request.ts';

/**
 * Plain http is for this machine, and a proxy is a way out of it: whoever runs it or listens would read the log-in. One
 * on this machine is no better, for it has another end (Tor).
 */
export function requireEncrypted({ url, headers, body }: HttpRequest, proxy: string | undefined): void {
  const isSecret = headers.authorization !== undefined || body !== undefined;
  if (proxy === undefined || url.protocol === 'https:' || !isSecret) return;
  throw new CodedError(
    'REGISTRY_DENIED',
    `${printable(url.host)} wants a log-in, and plain http would take it through the proxy ${printable(proxy)}: not sent`,
    {
      suggestions: [`Name ${url.hostname} in NO_PROXY if it is on this machine.`],
      details: { host: url.host, proxy },
    },
  );
}
