import { createHash } from 'node:crypto';
import { CodedError } from '../errors/coded-error.ts';
import { firstAnswer } from './first-answer.ts';
import type { FetchOptions, ImageSource, SourceOptions, WantedContent } from './image-source.ts';
import { originsOf } from './origins-of.ts';

/**
 * Content hashed and counted while it streams. A consumer has proof only when the iteration ends; until then it must
 * not act on what it saw. Too long, too short and wrong all throw.
 */
export async function* streamVerified(
  source: Pick<ImageSource, 'location' | 'fetch'>,
  wanted: WantedContent,
  options?: FetchOptions,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  const most = wanted.size ?? wanted.limit;
  const where = `${wanted.kind} ${wanted.digest} from ${source.location}`;
  if (most > wanted.limit)
    throw new CodedError(
      'LIMIT_EXCEEDED',
      `${where} is announced with ${most} bytes: at most ${wanted.limit} are read`,
    );
  let received = 0;
  for await (const chunk of source.fetch(wanted, options)) {
    received += chunk.length;
    if (received > most) {
      const code = wanted.size === undefined ? 'LIMIT_EXCEEDED' : 'DIGEST_MISMATCH';
      throw new CodedError(code, `${where} is longer than ${most} bytes`);
    }
    hash.update(chunk);
    yield chunk;
  }
  if (wanted.size !== undefined && received !== wanted.size) {
    throw new CodedError('DIGEST_MISMATCH', `${where}: expected ${wanted.size} bytes, got ${received}`);
  }
  const digest = `sha256:${hash.digest('hex')}`;
  if (digest !== wanted.digest) {
    throw new CodedError('DIGEST_MISMATCH', `${where}: expected this digest, the bytes have ${digest}`, {
      suggestions: [
        'Someone changed the content on its way. Try another mirror or network; tell the registry’s operator.',
      ],
    });
  }
}

/** Small content, whole and proven. Nothing is handed out before, so where one place sends wrong bytes the next is asked. */
export async function readVerified(
  source: ImageSource,
  wanted: WantedContent,
  options?: SourceOptions,
): Promise<Uint8Array> {
  const kept = { ...options, isTransient: false }; // whoever reads a blob in passing may ask for a manifest, too
  return firstAnswer(originsOf(source), async ({ location, fetchFrom }) => {
    const chunks: Uint8Array[] = [];
    const fetch: ImageSource['fetch'] = (content, options) => fetchFrom(content, 0, options);
    for await (const chunk of streamVerified({ location, fetch }, wanted, kept)) chunks.push(chunk);
    return Buffer.concat(chunks);
  });
}
