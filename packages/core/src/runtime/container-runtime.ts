import type { Digest } from '../oci/digest.ts';
import type { Platform } from '../oci/platform.ts';
import type { VerifiedImage } from '../verify/verified-image.ts';
import type { VerifiedStream } from './verified-stream.ts';

/**
 * An engine, or a folder, that holds images. Nine members in our words; whoever writes an adapter implements these and
 * calls the contract suite of `@dangerzone-image/core/testing`. Everything it reports is a claim that core checks.
 */
export interface ContainerRuntime {
  readonly name: string;
  info(options?: InfoOptions): Promise<RuntimeInfo>;
  /** Images that have a name or digest in this repository (`registry/path`), as the engine claims. */
  images(repository: string, options?: RuntimeOptions): Promise<readonly LocalImage[]>;
  /** Absent where the engine cannot fetch by itself. Always by digest, never by tag. */
  pull?(image: VerifiedImage, options: TransferOptions): Promise<LocalImage>;
  /** Stores exactly the streamed content under `options.name`; a stream that breaks off leaves nothing behind. */
  load(image: VerifiedStream, options: TransferOptions): Promise<LocalImage>;
  /**
   * Absent where an engine is sent a stream. Writes the streamed content where the engine is going to read it, and asks the
   * engine for nothing but where it is; a stream that breaks off leaves nothing behind. `undefined` where only `load` will do.
   */
  stage?(image: VerifiedStream, options: TransferOptions): Promise<StagedImage | undefined>;
  /**
   * The engine's own copy as a tar (docker-archive or OCI), for deep verification: the bytes that it has, as it has them.
   * Throws where it cannot give all of them.
   */
  save?(image: LocalImage, options?: RuntimeOptions): AsyncIterable<Uint8Array>;
  /** Gives an image this name; another image that had the name loses it. */
  tag(image: LocalImage, name: string): Promise<void>;
  /**
   * Takes exactly `image.names` off; content goes when no name is left. Never touches a name that is not listed. What a
   * killed run of the adapter left elsewhere, in a folder for temporary files say, is cleared here too.
   */
  remove(image: LocalImage): Promise<void>;
}

/** Content that lies ready for an engine; disposed of, it is gone. */
export interface StagedImage extends AsyncDisposable {
  /** Once, as the runtime's own `load`, under the name that it was staged for. */
  load(options?: Omit<TransferOptions, 'name'>): Promise<LocalImage>;
}

/** What an engine claims of one image. Digests and names are all that it knows; which mean what differs by engine. */
export interface LocalImage {
  /** The engine's own handle. */
  readonly id: string;
  readonly digests: readonly Digest[];
  /** Full names with tag: `registry/path:tag`. */
  readonly names: readonly string[];
}

export interface InfoOptions {
  /** Only what decides about an image (`version`, `platform`, `endpoint`, `isRemote`), where the rest takes long. */
  readonly brief?: boolean;
}

export interface RuntimeInfo {
  readonly version: string;
  /** Platform of the containers it runs. */
  readonly platform: Platform;
  /** Kind of its image store: `oci-layout`, `overlay`, `containerd`, …; may be absent where it was asked briefly. */
  readonly store?: string;
  /** Where it answers, or keeps its files. */
  readonly endpoint: string;
  readonly isRemote: boolean;
  readonly isRootless?: boolean;
  /** Bytes free where images go; absent when the engine does not tell. */
  readonly freeBytes?: number;
  /** `save` gives the blobs as they came, which the engine keeps beside the unpacked files that containers run. */
  readonly savesOriginals?: boolean;
}

export interface RuntimeOptions {
  readonly signal?: AbortSignal;
}

export interface TransferOptions extends RuntimeOptions {
  /** The name that the image gets: `registry/path:tag`. */
  readonly name: string;
  /** Content bytes that went in so far. */
  onBytes?(bytes: number): void;
}

/** What an adapter's package exports as `createRuntime`; unknown options are its own to refuse (USAGE). */
export type CreateRuntime = (options: Readonly<Record<string, string>>) => ContainerRuntime;
