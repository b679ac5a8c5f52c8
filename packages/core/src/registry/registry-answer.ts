import { CodedError, type ErrorFacts } from '../errors/coded-error.ts';
import type { ErrorCode } from '../errors/error-code.ts';
import type { HttpAnswer } from './send-request.ts';

const AGAIN = 'Try again later, or give a --mirror.';
const NAME = 'Check the image name and tag: some registries answer like this for an image that does not exist.';
const PORTAL = 'This looks like a captive portal or another kind of server: open a browser, or check the address.';

/**
 * Passes an answer that brings content, or a part of it where that was asked for; everything else becomes an error that
 * says what to do. Headers only, no body.
 */
export function requireContent(answer: HttpAnswer, where: string, alsoRight: 200 | 206 = 200): void {
  try {
    if (answer.status !== alsoRight) requireSuccess(answer, where);
    requireIdentity(answer, where);
    const [type = ''] = [answer.headers['content-type']].flat();
    if (/^(text\/html|application\/xhtml)/i.test(type)) throw invalid(where, 'a web page came in its place');
  } catch (error) {
    answer.discard();
    throw error;
  }
}

function requireSuccess({ status }: HttpAnswer, where: string): void {
  const say = (code: ErrorCode, what: string, suggestion: string) =>
    new CodedError(code, `${where}: ${what} (HTTP ${status})`, {
      suggestions: [suggestion],
      details: { httpStatus: status },
    });
  if (status === 200) return;
  if (status === 401 || status === 403) throw say('REGISTRY_DENIED', 'the registry does not let us read it', NAME);
  if (status === 404) throw say('IMAGE_NOT_FOUND', 'the registry does not have it', NAME);
  if (status === 429) throw say('REGISTRY_UNREACHABLE', 'the registry had too many requests', AGAIN);
  if (status >= 500) throw say('REGISTRY_UNREACHABLE', 'the registry failed', AGAIN);
  throw say('REGISTRY_ANSWER_INVALID', 'expected HTTP 200', PORTAL);
}

/** A digest is over the bytes as they are, and a few compressed ones can unpack to any number. */
function requireIdentity({ headers }: HttpAnswer, where: string): void {
  const encoding = headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return;
  throw new CodedError(
    'MANIFEST_INVALID',
    `${where}: came compressed (Content-Encoding), which was not asked for and is refused`,
    {
      suggestions: [AGAIN],
    },
  );
}

/** The whole body of a small document: nothing is not one, and one byte too many ends it. */
export async function readWhole(answer: HttpAnswer, limit: number, where: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readAtMost(answer, limit, () => tooLong(where, limit))) chunks.push(chunk);
  if (chunks.length === 0) throw invalid(where, 'the answer is empty');
  return Buffer.concat(chunks);
}

/** The body as it comes; stops at the first byte over the limit, or before any where more is announced. */
export async function* readAtMost(
  answer: HttpAnswer,
  limit: number,
  refuse: () => CodedError,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  try {
    if (Number(answer.headers['content-length']) > limit) throw refuse();
    for await (const chunk of answer.body) {
      received += chunk.length;
      if (received > limit) throw refuse();
      if (chunk.length > 0) yield chunk;
    }
  } finally {
    answer.discard();
  }
}

export function invalid(where: string, what: string, facts: ErrorFacts = { suggestions: [PORTAL] }): CodedError {
  return new CodedError('REGISTRY_ANSWER_INVALID', `${where}: ${what}`, facts);
}

export function tooLong(where: string, limit: number): CodedError {
  return invalid(where, `the answer is longer than ${limit} bytes`);
}
