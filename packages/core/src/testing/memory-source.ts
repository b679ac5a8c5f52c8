import { CodedError } from '../errors/coded-error.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageSource } from '../source/image-source.ts';
import type { TestImage } from './test-image.ts';

/** A source without a network: content by digest, and nothing signed. `damage` changes bytes on their way out. */
export function memorySource(
  images: readonly TestImage[],
  damage: (digest: Digest, bytes: Uint8Array) => Uint8Array = (_, bytes) => bytes,
): ImageSource {
  const contents = images.flatMap(({ index, manifests, blobs }) => [index, ...manifests, ...blobs]);
  const byDigest = new Map(contents.map(({ digest, bytes }) => [digest, bytes]));
  return {
    location: 'memory',
    async resolve({ digest }) {
      if (digest) return digest;
      throw new CodedError('IMAGE_NOT_FOUND', 'memory has no tags');
    },
    async *fetch({ digest }, { isTransient = false } = {}) {
      const bytes = byDigest.get(digest);
      if (!bytes) throw new CodedError('IMAGE_NOT_FOUND', `memory has no ${digest}`);
      const content = damage(digest, bytes);
      if (isTransient) yield* transientPieces(content);
      else yield content;
    },
    findSignatures: async () => [],
    findBundles: async () => [],
    findAttestations: async () => [],
  };
}

/** In pieces of memory that is used again as early as a source may: who keeps a piece longer has another one's bytes. */
function* transientPieces(content: Uint8Array): Generator<Uint8Array> {
  const most = Math.max(1, Math.ceil(content.length / 5));
  const memory = [Buffer.alloc(most), Buffer.alloc(most)] as const;
  for (let at = 0, number = 0; at < content.length; at += most, number += 1) {
    const piece = memory[number % 2 === 0 ? 0 : 1].subarray(0, Math.min(most, content.length - at));
    piece.set(content.subarray(at, at + piece.length));
    yield piece;
  }
}
