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
    async *fetch({ digest }) {
      const bytes = byDigest.get(digest);
      if (!bytes) throw new CodedError('IMAGE_NOT_FOUND', `memory has no ${digest}`);
      yield damage(digest, bytes);
    },
    findSignatures: async () => [],
    findBundles: async () => [],
    findAttestations: async () => [],
  };
}
