import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { CodedError, codeOf } from '@dangerzone-image/core';
import { chunkByChunk } from './chunk-by-chunk.ts';
import { notAnswering, refusedRequest, unreachable } from './engine-failure.ts';

/** How an engine is reached: what `node:http` wants to know, and the address as people read it. */
export interface EngineConnection {
  readonly endpoint: string;
  readonly options: RequestOptions & { readonly protocol?: 'http:' | 'https:' };
  /** How long anything but a transfer may take. */
  readonly deadlineMs?: number;
  /** How long a connection may be silent; ssh has its own watch. */
  readonly stallMs?: number;
}

/** What dockerode asks of its transport, as far as our calls go. */
export interface ModemCall {
  readonly path: string;
  readonly method: string;
  readonly options?: Readonly<Record<string, unknown>> | null;
  readonly authconfig?: object | undefined;
  readonly abortSignal?: AbortSignal | undefined;
  readonly isStream?: boolean;
  /** `true` for what counts as success; dockerode's words for the others are not used. */
  readonly statusCodes: Readonly<Record<number, true | string>>;
  readonly file?: AsyncIterable<Uint8Array>;
}

const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const MAX_REASON_BYTES = 64 * 1024;
const DEADLINE_MS = 60_000;
/** Unpacking a large layer on a slow disk takes minutes in which Docker reads and says nothing. */
const STALL_MS = 30 * 60_000;

/**
 * Dockerode's transport, ours in place of docker-modem: that one reads DOCKER_HOST and its certificates whatever it is
 * told, takes answers of any size, prints private keys under DEBUG, and accepts any host key over ssh (ADR 14).
 */
export function engineModem(connection: EngineConnection) {
  return {
    Promise,
    dial(call: ModemCall, callback: (error: unknown, answer?: unknown) => void): void {
      send(connection, call).then(
        (answer) => callback(null, answer),
        (error) => callback(error),
      );
    },
  };
}

async function send(connection: EngineConnection, call: ModemCall): Promise<unknown> {
  const { abortSignal: signal, isStream = false } = call;
  const { endpoint, deadlineMs = DEADLINE_MS } = connection;
  const deadline = AbortSignal.timeout(deadlineMs);
  // A transfer takes as long as it takes; everything else is answered from what the engine knows.
  const signals = [signal, isStream ? undefined : deadline].filter((one) => one !== undefined);
  const what = `${call.method} ${call.path.replace(/\?$/, '')}`;
  try {
    const response = await exchange(connection, call, AbortSignal.any(signals));
    const status = response.statusCode ?? 0;
    if (call.statusCodes[status] !== true) throw refusedRequest(what, status, await reasonOf(response));
    if (isStream) return response;
    return readJson(await readAll(response, MAX_ANSWER_BYTES), what);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (!isStream && deadline.aborted) throw notAnswering(endpoint, deadlineMs);
    throw codeOf(error) === undefined && error instanceof Error ? unreachable(endpoint, error) : error;
  }
}

/** One request on a connection of its own; its answer may begin before the upload has ended. */
function exchange(connection: EngineConnection, call: ModemCall, signal: AbortSignal): Promise<IncomingMessage> {
  const { endpoint, options, stallMs = STALL_MS } = connection;
  const open = options.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const request = open({
      ...(!options.createConnection && { agent: false }),
      ...options,
      method: call.method,
      path: call.path.replace(/\?$/, queryOf(call.options)),
      headers: headersOf(call),
      signal,
    });
    request.on('response', resolve).on('error', reject);
    if (!options.createConnection) request.setTimeout(stallMs, () => request.destroy(notAnswering(endpoint, stallMs)));
    // A source that breaks off destroys the request: the engine never sees the end of what it was sent.
    if (call.file) pipeline(call.file, chunkByChunk(request)).catch(reject);
    else request.end();
  });
}

function headersOf({ authconfig, file, method }: ModemCall): Record<string, string> {
  return {
    ...(file && { 'Content-Type': 'application/x-tar', 'Transfer-Encoding': 'chunked' }),
    ...(!file && method === 'POST' && { 'Content-Length': '0' }),
    ...(authconfig && { 'X-Registry-Auth': toBase64(JSON.stringify(authconfig)) }),
  };
}

/** The alphabet of URLs, with padding, which Docker wants (RFC 4648, section 5). */
function toBase64(text: string): string {
  return Buffer.from(text).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

function queryOf(options: ModemCall['options']): string {
  const own = new Set(['authconfig', 'abortSignal']);
  const pairs = Object.entries(options ?? {}).filter(([key, value]) => !own.has(key) && value !== undefined);
  const query = new URLSearchParams(pairs.map(([key, value]) => [key, String(value)]));
  return pairs.length > 0 ? `?${query}` : '';
}

async function reasonOf(response: IncomingMessage): Promise<Uint8Array> {
  return readAll(response, MAX_REASON_BYTES).catch(() => Buffer.alloc(0)); // the status alone says enough
}

async function readAll(response: AsyncIterable<Uint8Array>, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += chunk.length;
    if (size > limit) throw new CodedError('RUNTIME_FAILED', `Docker answers with more than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function readJson(bytes: Buffer, what: string): unknown {
  if (bytes.length === 0) return undefined;
  try {
    // Plain JSON, not core's strict one: a list of images has everybody's labels, `Vendor` and `vendor` among them.
    return JSON.parse(bytes.toString());
  } catch (cause) {
    throw new CodedError('RUNTIME_FAILED', `Docker does not answer with JSON to ${what}`, { cause });
  }
}
