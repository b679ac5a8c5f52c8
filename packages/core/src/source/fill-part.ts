import { CodedError, codeOf } from '../errors/coded-error.ts';
import { firstAnswer } from './first-answer.ts';
import type { ContentOrigin, SourceOptions, WantedContent } from './image-source.ts';
import type { PartFile } from './part-file.ts';

/**
 * Fetches into a file what it lacks, from one place after another. Bytes of several places and runs may come together
 * in it: the digest decides, and where it says no, the same place is asked for the whole before the next one is.
 */
export async function fillPart(
  part: PartFile,
  wanted: WantedContent,
  origins: readonly ContentOrigin[],
  onBytes: (bytes: number) => void,
  options?: SourceOptions,
): Promise<void> {
  const restart = async () => {
    onBytes(-part.length);
    await part.restart();
  };
  requireLimit(wanted);
  // Where the end is not known, only a fetch from the beginning can tell it.
  if (part.length > (wanted.size ?? 0)) await restart();
  await firstAnswer(origins, async (origin) => {
    for (;;) {
      const hadBytes = part.length > 0;
      try {
        return await fetchRest(part, wanted, origin, onBytes, options);
      } catch (error) {
        if (codeOf(error) !== 'DIGEST_MISMATCH' && !(hadBytes && isRefusedRange(error))) throw error;
        await restart();
        if (!hadBytes) throw error;
      }
    }
  });
}

async function fetchRest(
  part: PartFile,
  wanted: WantedContent,
  origin: ContentOrigin,
  onBytes: (bytes: number) => void,
  options?: SourceOptions,
): Promise<void> {
  const { size, limit, digest } = wanted;
  const where = `blob ${digest} from ${origin.location}`;
  if (part.length !== size) {
    for await (const chunk of origin.fetchFrom(wanted, part.length, { ...options, isTransient: true })) {
      if (part.length + chunk.length > (size ?? limit))
        throw mismatch(`${where} is longer than ${size ?? limit} bytes`);
      await part.append(chunk);
      onBytes(chunk.length);
    }
  }
  const found = await part.digest();
  if (found !== digest) throw mismatch(`${where}: expected this digest, the bytes have ${found}`);
}

/** Who knows no ranges now will know none in the next run: what is there would be in the way of every try. */
function isRefusedRange(error: unknown): boolean {
  const { details } = error as { readonly details?: { readonly reason?: unknown } };
  return details?.reason === 'range';
}

function requireLimit({ digest, size = 0, limit }: WantedContent): void {
  if (size <= limit) return;
  throw new CodedError('LIMIT_EXCEEDED', `blob ${digest} is announced with ${size} bytes: at most ${limit} are read`);
}

function mismatch(message: string): CodedError {
  return new CodedError('DIGEST_MISMATCH', message, {
    suggestions: [
      'Someone changed the content on its way. Try another mirror or network; tell the registry’s operator.',
    ],
  });
}
