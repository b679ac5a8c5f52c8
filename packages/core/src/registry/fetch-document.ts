import type { Environment } from './choose-proxy.ts';
import { startDeadline } from './deadline.ts';
import { followRedirects } from './follow-redirects.ts';
import { createTransport } from './http-transport.ts';
import { newCircuit } from './open-registry.ts';
import { parseMirror } from './parse-mirror.ts';
import { readWhole, requireContent } from './registry-answer.ts';
import { defaultRetryPolicy, type RetryPolicy } from './retry-policy.ts';
import { retryRequests } from './retry-requests.ts';

export interface DocumentsOptions {
  /** `https://host[:port][/path]`, or http on loopback. */
  readonly base: string;
  /** Longest silence: while connecting, before the headers, within the body. */
  readonly timeoutMs?: number;
  /** One document in all, with its redirects. */
  readonly deadlineMs?: number;
  /** PEM certificates to trust besides those that are trusted anyway. */
  readonly ca?: string;
  /** Where proxies are named. */
  readonly env?: Environment;
  readonly signal?: AbortSignal;
  readonly retry?: RetryPolicy;
}

/** Reads a document below the base by its path there, at most `limit` bytes of it; nothing where there is none. */
export type FetchDocument = (path: string, limit: number) => Promise<Uint8Array | undefined>;

// A store of files that may not be listed says 403 of what it does not have.
const NOT_THERE = new Set([403, 404]);

/** Plain files of a web server, by the same transport as a registry's: its proxies, authorities, time-outs and retries. */
export function openDocuments(options: DocumentsOptions): FetchDocument {
  const { timeoutMs = 30_000, deadlineMs = 120_000, ca, env = process.env, retry = defaultRetryPolicy } = options;
  const { origin, prefix } = parseMirror(options.base);
  const transport = createTransport({ timeoutMs, ca, env, circuit: newCircuit() });
  const send = followRedirects(retryRequests(transport, retry));
  return async (path, limit) => {
    const url = new URL(`${prefix ? `/${prefix}` : ''}/${path}`, origin);
    const where = `${path} at ${origin.host}`;
    const { signal, end } = startDeadline(deadlineMs, where, options.signal);
    try {
      const headers = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'dangerzone-image' };
      const answer = await send({ method: 'GET', url, headers, isFresh: false, signal });
      if (NOT_THERE.has(answer.status)) return void answer.discard();
      requireContent(answer, where);
      return await readWhole(answer, limit, where);
    } finally {
      end();
    }
  };
}
