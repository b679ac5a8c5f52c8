import { setImmediate } from 'node:timers/promises';
import type { Agent, Dispatcher } from 'undici';
import { codeOf } from '../errors/coded-error.ts';
import { requireCertificates, trustAlso } from './additional-authorities.ts';
import { chooseProxy, type Environment } from './choose-proxy.ts';
import { createConnector } from './create-connector.ts';
import { orAborted } from './deadline.ts';
import { networkFailure } from './network-failure.ts';
import type { Undici } from './open-tunnel.ts';
import { requireEncrypted } from './require-encrypted.ts';
import type { HttpAnswer, HttpRequest, SendRequest } from './send-request.ts';

export interface TransportOptions {
  /** Longest silence while connecting, before the headers and within the body. */
  readonly timeoutMs: number;
  /** PEM certificates to trust besides those that are trusted anyway. */
  readonly ca?: string | undefined;
  readonly env: Environment;
  /** Stands in for SOCKS credentials where the proxy's address has none: equal ones share a circuit of Tor. */
  readonly circuit: string;
}

const MOST_DISCARDED = 16 * 1024;
/** A socket is read by 64 KiB: with room for no more than that, the library would stop and start with each read. */
const BODY_BYTES = 256 * 1024;
const DISCARD_MS = 1000;

export function createTransport(options: TransportOptions): SendRequest {
  if (options.ca !== undefined) requireCertificates(options.ca);
  let agentOptions: Agent.Options | undefined;
  let shared: Agent | undefined;
  return async (request) => {
    const proxy = chooseProxy(request.url, options.env);
    request.signal.throwIfAborted();
    requireEncrypted(request, proxy?.location);
    // Loaded by the first request, so that verbs without a network never load it.
    const undici = await import('undici');
    agentOptions ??= makeOptions(undici, options);
    const makeAgent = () => new undici.Agent(agentOptions);
    shared ??= makeAgent();
    const agent = request.isFresh ? makeAgent() : shared;
    const { method, url, headers, body = null, isFresh, signal } = request;
    // A connection is free a moment after its answer's last byte was handed out: asked at once, there would be one more.
    await setImmediate();
    const pending = undici.request(url, {
      dispatcher: agent,
      method,
      headers,
      body,
      signal,
      reset: isFresh,
      highWaterMark: BODY_BYTES,
    });
    try {
      return toAnswer(await orAborted(pending, signal), request, proxy?.location);
    } catch (error) {
      // After an abort the library may still be connecting: what comes of that is for nobody.
      pending.then(
        ({ body }) => release(body),
        () => {},
      );
      throw failureOf(error, request, proxy?.location);
    } finally {
      if (isFresh) agent.close().catch(() => {}); // when its one answer has been read
    }
  };
}

function makeOptions(undici: Undici, { timeoutMs, ca, env, circuit }: TransportOptions): Agent.Options {
  const connect = {
    // Said aloud: NODE_TLS_REJECT_UNAUTHORIZED only changes what is left unsaid.
    rejectUnauthorized: true,
    timeout: timeoutMs,
    allowH2: false, // one connection would carry reads that must not share one
    ...(ca !== undefined && { secureContext: trustAlso(ca) }),
  };
  return {
    connect: createConnector(undici, { connect, timeoutMs, env, circuit }),
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    allowH2: false,
    maxHeaderSize: 16 * 1024,
  };
}

function toAnswer(
  { statusCode: status, headers, body }: Dispatcher.ResponseData,
  request: HttpRequest,
  proxy: string | undefined,
): HttpAnswer {
  return { url: request.url, status, headers, body: readBody(body, request, proxy), discard: () => release(body) };
}

async function* readBody(
  body: AsyncIterable<Uint8Array>,
  request: HttpRequest,
  proxy: string | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw failureOf(error, request, proxy);
  }
}

/** The abort's own reason; else what a proxy's failure says already; else what is known of the connection. */
function failureOf(error: unknown, { signal, url }: HttpRequest, proxy: string | undefined): unknown {
  if (signal.aborted) return signal.reason;
  return codeOf(error) === undefined ? networkFailure(error, url, proxy) : error;
}

/** A short rest is read, so that the connection can serve again; one that is long or slow costs the connection. */
function release(body: Dispatcher.ResponseData['body']): void {
  body.on('error', () => {});
  body.dump({ limit: MOST_DISCARDED, signal: AbortSignal.timeout(DISCARD_MS) }).catch(() => {});
}
