import type { Agent, Dispatcher } from 'undici';
import { orAborted } from './deadline.ts';
import { networkFailure } from './network-failure.ts';
import { type Environment, refuseProxy } from './refuse-proxy.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** On a connection of its own: nobody can have put an answer there in advance. */
  readonly isFresh: boolean;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  /** What was really asked, after redirects. */
  readonly url: URL;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Raw bytes: nothing is decompressed. Fails with the signal's reason or REGISTRY_UNREACHABLE. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Lets go of a body that is not wanted, or not wanted any more. */
  discard(): void;
}

export interface TransportOptions {
  /** Longest silence while connecting, before the headers and within the body. */
  readonly timeoutMs: number;
  /** PEM certificates in place of the system's. */
  readonly ca?: string | undefined;
  readonly env: Environment;
}

/** One request, one answer: redirects, log-in and the meaning of a status are for others. */
export type SendRequest = (request: HttpRequest) => Promise<HttpAnswer>;

const MOST_DISCARDED = 16 * 1024;
const DISCARD_MS = 1000;

export function createTransport(options: TransportOptions): SendRequest {
  let shared: Agent | undefined;
  return async (request) => {
    refuseProxy(request.url, options.env);
    request.signal.throwIfAborted();
    // Loaded by the first request, so that verbs without a network never load it.
    const undici = await import('undici');
    const makeAgent = () => new undici.Agent(agentOptions(options));
    shared ??= makeAgent();
    const agent = request.isFresh ? makeAgent() : shared;
    const { method, url, headers, isFresh, signal } = request;
    const pending = undici.request(url, { dispatcher: agent, method, headers, signal, reset: isFresh });
    try {
      return toAnswer(await orAborted(pending, signal), request);
    } catch (error) {
      // After an abort the library may still be connecting: what comes of that is for nobody.
      pending.then(
        ({ body }) => release(body),
        () => {},
      );
      if (isFresh) void agent.destroy();
      throw signal.aborted ? signal.reason : networkFailure(error, url);
    } finally {
      if (isFresh) agent.close().catch(() => {}); // when its one answer has been read
    }
  };
}

function agentOptions({ timeoutMs, ca }: TransportOptions): Agent.Options {
  return {
    // Said aloud: NODE_TLS_REJECT_UNAUTHORIZED only changes what is left unsaid.
    connect: { rejectUnauthorized: true, timeout: timeoutMs, ...(ca !== undefined && { ca }) },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    allowH2: false, // one connection would carry reads that must not share one
    maxHeaderSize: 16 * 1024,
  };
}

function toAnswer(
  { statusCode: status, headers, body }: Dispatcher.ResponseData,
  { url, signal }: HttpRequest,
): HttpAnswer {
  return { url, status, headers, body: readBody(body, url, signal), discard: () => release(body) };
}

async function* readBody(body: AsyncIterable<Uint8Array>, url: URL, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw signal.aborted ? signal.reason : networkFailure(error, url);
  }
}

/** A short rest is read, so that the connection can serve again; one that is long or slow costs the connection. */
function release(body: Dispatcher.ResponseData['body']): void {
  body.on('error', () => {});
  body.dump({ limit: MOST_DISCARDED, signal: AbortSignal.timeout(DISCARD_MS) }).catch(() => {});
}
