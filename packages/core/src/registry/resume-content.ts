import { CodedError } from '../errors/coded-error.ts';
import { invalid, readAtMost, requireContent } from './registry-answer.ts';
import { isPassing, pauseBefore, type RetryPolicy } from './retry-policy.ts';
import type { HttpAnswer } from './send-request.ts';

export interface ResumableContent {
  readonly where: string;
  /** The caller has what is before this byte. */
  readonly from: number;
  /** Its whole length, where an answer that ends sooner counts as cut. */
  readonly size?: number | undefined;
  /** Most bytes of the whole. */
  readonly limit: number;
  readonly overLimit: () => CodedError;
  /** Asks for the content with these headers; tries again by itself until an answer begins. */
  readonly ask: (headers: Readonly<Record<string, string>>) => Promise<HttpAnswer>;
}

// A try that brought this much counts as a success: a long download over a bad line may be cut many times.
const PROGRESS_BYTES = 256 * 1024;

/**
 * Content to its end, over as many connections as it takes; bytes of two answers may differ, which their digest tells.
 * A try that brings nothing to speak of is made `moreTries` times more.
 */
export async function* resumeContent(
  content: ResumableContent,
  policy: RetryPolicy,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { where, size, limit, overLimit } = content;
  let received = content.from;
  let entityTag: string | undefined;
  for (let retry = 1; ; retry++) {
    const start = received;
    let cut: unknown;
    const answer = await content.ask(received > 0 ? rangeHeaders(received, entityTag) : {});
    let skipped = received - firstByte(answer, received, content);
    entityTag = strongTag(answer);
    try {
      for await (const chunk of readAtMost(answer, limit - (received - skipped), overLimit)) {
        const fresh = chunk.subarray(Math.min(skipped, chunk.length));
        skipped -= chunk.length - fresh.length;
        received += fresh.length;
        if (fresh.length > 0) yield fresh;
      }
      if (received === 0 && size !== 0) throw invalid(where, 'the answer is empty');
      if (size === undefined || received >= size) return;
      cut = endedTooSoon(where, received, size);
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (received === size) return;
      cut = error;
    }
    if (received - start >= PROGRESS_BYTES) retry = 1;
    if (retry > policy.moreTries) throw cut;
    await policy.wait(pauseBefore(retry, policy), signal);
  }
}

function rangeHeaders(from: number, entityTag: string | undefined): Readonly<Record<string, string>> {
  return { range: `bytes=${from}-`, ...(entityTag !== undefined && { 'if-range': entityTag }) };
}

/** Where an answer begins: at the byte that was asked for, or at the first, for a range is only a wish (RFC 9110, 14.2). */
function firstByte(answer: HttpAnswer, wanted: number, { where, size }: ResumableContent): number {
  if (wanted === 0) {
    requireContent(answer, where);
    return 0;
  }
  if (answer.status === 416) {
    answer.discard();
    throw refusedRange(where, wanted, 'there are none (HTTP 416)');
  }
  requireContent(answer, where, 206);
  if (answer.status === 200) return 0;
  const [, from, total] = /^bytes (\d{1,16})-\d{1,16}\/(\d{1,16}|\*)$/.exec(contentRange(answer)) ?? [];
  const isWhole = size === undefined || total === '*' || Number(total) === size;
  if (from !== undefined && Number(from) === wanted && isWhole) return wanted;
  answer.discard();
  throw refusedRange(where, wanted, 'others came (Content-Range)');
}

/** Whoever has bytes of an earlier try knows by the reason that these are in the way. */
function refusedRange(where: string, from: number, what: string): CodedError {
  return invalid(where, `asked for the bytes from ${from} on: ${what}`, { details: { reason: 'range' } });
}

function contentRange({ headers }: HttpAnswer): string {
  const range = headers['content-range'];
  return typeof range === 'string' ? range : '';
}

/** Only a strong one says "the same bytes" (RFC 9110, section 13.1.5). */
function strongTag({ headers: { etag } }: HttpAnswer): string | undefined {
  return typeof etag === 'string' && /^"[!#-~]{1,200}"$/.test(etag) ? etag : undefined;
}

function endedTooSoon(where: string, received: number, size: number | undefined): CodedError {
  const expected = size === undefined ? 'more' : `${size}`;
  return new CodedError(
    'REGISTRY_UNREACHABLE',
    `${where}: the answer ended after ${received} bytes: expected ${expected}`,
    {
      suggestions: ['Try again later, from another network, or give a --mirror.'],
      details: { reason: 'short', received, ...(size !== undefined && { size }) },
    },
  );
}
