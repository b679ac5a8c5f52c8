import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { FetchOptions, ImageSource, SourceOptions } from '../source/image-source.ts';
import { streamVerified } from '../source/read-verified.ts';
import type { VerifiedImage } from '../verify/verified-image.ts';
import { readAhead } from './read-ahead.ts';

/** A layer is the largest content there is; an image's signed manifest states each one's size. */
const MAX_BLOB_BYTES = 64 * 1024 ** 3;

/**
 * A verified image's content on its way into an engine. `blobs()` yields each blob with its bytes, hashed as they pass;
 * the roots (manifest, index) come from evidence and are handed out last, when every blob has proved to be right.
 */
export interface VerifiedStream {
  readonly image: VerifiedImage;
  /**
   * Layers first, then the config. A blob counts as proven when its own iteration has ended. With `isTransient` a chunk
   * is good until the next one is asked for, and larger: for who is done with it by then.
   */
  blobs(
    options?: Pick<FetchOptions, 'isTransient'>,
  ): AsyncIterable<{ readonly descriptor: Descriptor; readonly content: AsyncIterable<Uint8Array> }>;
  /** Manifest and, where it came through one, index: verified bytes. Throws unless `blobs()` was read to the end. */
  roots(): readonly { readonly descriptor: Descriptor; readonly bytes: Uint8Array }[];
}

export function createVerifiedStream(
  image: VerifiedImage,
  source: ImageSource,
  repository: string,
  options?: SourceOptions,
): VerifiedStream {
  let proven = false;
  return {
    image,
    async *blobs(reading) {
      const { config, layers } = image.manifest;
      const unique = new Map<Digest, Descriptor>(
        [...layers, config].map((descriptor) => [descriptor.digest, descriptor]),
      );
      for (const descriptor of unique.values()) {
        const { digest, size } = descriptor;
        const wanted = { kind: 'blob', repository, limit: MAX_BLOB_BYTES, digest, size } as const;
        // Evidence has the config already: to fetch it again would be one more request.
        let ended = false;
        const content = (async function* () {
          if (digest === config.digest) yield image.config.bytes;
          else yield* readAhead(streamVerified(source, wanted, { ...options, ...reading }));
          ended = true;
        })();
        yield { descriptor, content };
        if (!ended) throw new TypeError(`blob ${digest} was not read to its end`);
      }
      proven = true;
    },
    roots() {
      if (!proven) throw new TypeError('roots are handed out when every blob was read to its end');
      return image.roots;
    },
  };
}
