import { CodedError } from '../errors/coded-error.ts';
import type { Digest } from '../oci/digest.ts';
import type { ReferrerContent } from '../oci/referrer-manifest.ts';
import type { ImageSource } from '../source/image-source.ts';
import { readVerified } from '../source/read-verified.ts';

export interface LayerReaderOptions {
  readonly repository: string;
  /** What the layers are, for messages. */
  readonly what: string;
  /** Bytes of one layer. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

/** Reads the small layers that signatures and their like are kept in; each content once, however often it is named. */
export function layerReader(
  source: ImageSource,
  { repository, what, limit, signal }: LayerReaderOptions,
): (layer: Omit<ReferrerContent, 'mediaType'>) => Promise<Uint8Array> {
  const known = new Map<Digest, Promise<Uint8Array>>();
  return async ({ digest, size }) => {
    const where = `${what} ${digest} from ${source.location}`;
    if (size > limit) {
      throw new CodedError('LIMIT_EXCEEDED', `${where} is announced with ${size} bytes: at most ${limit} are read`);
    }
    // The size stands in unsigned bytes: it is compared, but the limit alone says when to stop.
    const wanted = { kind: 'blob', repository, digest, limit } as const;
    const reading = known.get(digest) ?? readVerified(source, wanted, { signal });
    known.set(digest, reading);
    const bytes = await reading;
    if (bytes.length === size) return bytes;
    throw new CodedError('DIGEST_MISMATCH', `${where}: expected ${size} bytes, got ${bytes.length}`);
  };
}
