import type { Digest } from '../oci/digest.ts';
import { isSamePlatform, type Platform } from '../oci/platform.ts';
import type { ImageSource, SourceOptions } from './image-source.ts';

/**
 * A source that is one closed file, opened once. Its form was checked when it was opened, its documents by their
 * digests; who signed what, and the bulk of its bytes, were not.
 */
export interface ImageArchive extends ImageSource {
  /** Index or manifest that the file says it carries. A claim, as a tag is one. */
  readonly digest: Digest;
  /** Of the file. */
  readonly bytes: number;
  /** Those whose images are in it whole, by its own account. */
  readonly platforms: readonly Platform[];
  /** Files of Sigstore's TUF repository that came along, by their names there. Nothing about them is proven. */
  readonly tuf?: ReadonlyMap<string, Uint8Array>;
  /** Reads all content once and holds it against its digests; throws too where some of it does not belong to `signed`. */
  prove(signed: Digest, options?: ProveOptions): Promise<void>;
  close(): Promise<void>;
}

/** The platform to look at: the wanted one where it is in the file, else the first. */
export function platformHeld({ platforms }: Pick<ImageArchive, 'platforms'>, wanted: Platform): Platform {
  return platforms.find((held) => isSamePlatform(held, wanted)) ?? (platforms[0] as Platform);
}

export interface ProveOptions extends SourceOptions {
  /** Bytes read so far, and how many there are. */
  readonly onBytes?: (bytes: number, total: number) => void;
  /** Blobs that were read and held against their digests elsewhere. */
  readonly proven?: readonly Digest[];
}
