import { once } from 'node:events';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';

/** A request as the test registry got it. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Which of the registry's connections it came on, counted from 1. */
  readonly connection: number;
  /** How many times this method and path were asked before. */
  readonly earlier: number;
}

/** What a registry does in place of its right answer. Parts that are left out stay as they would have been. */
export interface Fault {
  readonly status?: number;
  /** Added or replaced; `undefined` takes a header away. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: Uint8Array | string | AsyncIterable<Uint8Array>;
  /** `Content-Length` as told, whatever the body is. */
  readonly contentLength?: number;
  /** Cuts the connection after this many bytes of the body, which arrive; -1: before the status line. */
  readonly resetAfter?: number;
  /** Says nothing more after this many bytes of the body, and keeps the connection; -1: no status line either. */
  readonly stallAfter?: number;
  /** Raw bytes in place of an answer; then the connection closes. */
  readonly raw?: string;
  /** Raw bytes put on the connection right after the answer, as an unasked-for next one. */
  readonly staged?: string;
}

/** Decides per request; the answer may wait for something in the test. */
export type FaultHook = (request: ReceivedRequest) => Fault | undefined | Promise<Fault | undefined>;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array | string | AsyncIterable<Uint8Array>;
}

/** Chunks without end: a first one, then the same filler for ever. */
export async function* endlessBody(first: string, filler = ' '.repeat(16 * 1024)): AsyncGenerator<Uint8Array> {
  yield Buffer.from(first);
  for (;;) yield Buffer.from(filler);
}

/** Sends the answer with the fault laid over it. */
export async function sendAnswer(
  response: ServerResponse,
  method: string,
  right: Answer,
  fault: Fault = {},
): Promise<void> {
  const { resetAfter, stallAfter } = fault;
  if (stallAfter === -1) return;
  if (resetAfter === -1) return void response.socket?.destroy();
  if (fault.raw !== undefined) return void response.socket?.end(fault.raw);
  const body = fault.body ?? right.body;
  response.writeHead(fault.status ?? right.status, headersFor(right, fault, body));
  response.flushHeaders();
  const most = resetAfter ?? stallAfter;
  const sent = method === 'HEAD' ? 0 : await sendBody(response, body, most);
  // What was written arrives first: a reset would take it back out of the client's buffers.
  if (resetAfter !== undefined) return void response.socket?.destroySoon();
  if (stallAfter !== undefined && sent >= stallAfter) return;
  const { socket } = response;
  response.end();
  if (fault.staged) socket?.write(fault.staged);
}

function headersFor(right: Answer, fault: Fault, body: Answer['body']): Record<string, string> {
  const length = fault.contentLength ?? (isBytes(body) ? Buffer.byteLength(body) : undefined);
  const all: Record<string, string | undefined> = { 'content-length': length?.toString(), ...right.headers };
  for (const [name, value] of Object.entries(fault.headers ?? {})) all[name.toLowerCase()] = value;
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

async function sendBody(
  response: ServerResponse,
  body: Answer['body'],
  most = Number.POSITIVE_INFINITY,
): Promise<number> {
  let sent = 0;
  for await (const chunk of isBytes(body) ? [Buffer.from(body)] : body) {
    const part = chunk.subarray(0, most - sent);
    sent += part.length;
    if (response.destroyed) break;
    if (part.length > 0 && !response.write(part)) await roomToWrite(response);
    if (sent >= most || response.destroyed) break;
  }
  return sent;
}

/** Waits for the client to take what was written, or to go away. */
async function roomToWrite(response: ServerResponse): Promise<void> {
  const settled = new AbortController();
  const events = ['drain', 'close'].map((event) => once(response, event, { signal: settled.signal }));
  await Promise.race(events);
  settled.abort();
  await Promise.allSettled(events);
}

function isBytes(body: Answer['body']): body is Uint8Array | string {
  return typeof body === 'string' || body instanceof Uint8Array;
}
