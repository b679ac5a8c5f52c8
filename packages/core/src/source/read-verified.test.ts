import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../oci/digest.ts';
import { memorySource } from '../testing/memory-source.ts';
import { buildTestImage } from '../testing/test-image.ts';
import type { FetchOptions, ImageSource, WantedContent } from './image-source.ts';
import { readVerified, streamVerified } from './read-verified.ts';

const bytes = Buffer.from('0123456789');
const wanted: WantedContent = {
  kind: 'blob',
  repository: 'team/sandbox',
  digest: digestOf(bytes),
  size: bytes.length,
  limit: 100,
};

function sourceOf(...chunks: readonly (string | Uint8Array)[]) {
  const pulled = { chunks: 0, isClosed: false };
  const source: ImageSource = {
    location: 'test source',
    async resolve() {
      return wanted.digest;
    },
    async *fetch() {
      try {
        for (const chunk of chunks) {
          pulled.chunks++;
          yield Buffer.from(chunk);
        }
      } finally {
        pulled.isClosed = true;
      }
    },
    findSignatures: async () => [],
    findBundles: async () => [],
    findAttestations: async () => [],
  };
  return { source, pulled };
}

describe('readVerified', () => {
  it('gives content whose bytes have the digest, however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 8 }), async (chunks) => {
        const whole = Buffer.concat(chunks);
        const { source } = sourceOf(...chunks);
        expect(
          await readVerified(source, { ...wanted, digest: digestOf(whole), size: whole.length, limit: 400 }),
        ).toEqual(whole);
      }),
    );
  });

  it('reads content of unknown size up to its limit', async () => {
    const { size: _size, ...sizeless } = wanted;
    expect(await readVerified(sourceOf(bytes).source, { ...sizeless, limit: bytes.length })).toEqual(bytes);
    await expect(readVerified(sourceOf(bytes).source, { ...sizeless, limit: bytes.length - 1 })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
  });

  it.each([
    ['too short', ['012345678']],
    ['too long', ['01234567890']],
    ['right, with a trailing chunk', ['0123456789', 'x']],
    ['empty', []],
    ['of the same length and wrong', ['0123456780']],
    ['in another order', ['56789', '01234']],
  ])('refuses bytes that are %s', async (_name, chunks) => {
    await expect(readVerified(sourceOf(...chunks).source, wanted)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  it('keeps what it reads, also where chunks are only good for a moment', async () => {
    const image = buildTestImage({ created: '2026-01-02T03:04:05Z' });
    const { index } = image;
    const request = { kind: 'manifest', repository: 'r', digest: index.digest, limit: 100_000 } as const;
    const options: FetchOptions = { isTransient: true };
    expect(await readVerified(memorySource([image]), request, options)).toEqual(Buffer.from(index.bytes));
  });

  it('refuses a size over the limit before a byte is asked for', async () => {
    const { source, pulled } = sourceOf(bytes);
    await expect(readVerified(source, { ...wanted, limit: 5 })).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(pulled.chunks).toBe(0);
  });

  it('stops reading and closes the source at the first byte too many', async () => {
    const { source, pulled } = sourceOf('0123456789', 'x', 'never read');
    await expect(readVerified(source, wanted)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(pulled).toEqual({ chunks: 2, isClosed: true });
  });

  it('hands out no chunk that goes beyond the size', async () => {
    const seen: string[] = [];
    const reading = (async () => {
      for await (const chunk of streamVerified(sourceOf('01234', '567890123').source, wanted))
        seen.push(Buffer.from(chunk).toString());
    })();
    await expect(reading).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(seen).toEqual(['01234']);
  });
});
