import { statfs } from 'node:fs/promises';
import { CodedError } from '../errors/coded-error.ts';
import { stateFault, systemCode } from '../ledger/state-fault.ts';
import type { Digest } from '../oci/digest.ts';
import { type BlobFolder, openBlobFolder } from './blob-folder.ts';
import { fillPart } from './fill-part.ts';
import type { ImageSource, SourceOptions, WantedContent } from './image-source.ts';
import { limitParallel } from './limit-parallel.ts';
import { originsOf } from './origins-of.ts';
import type { OpenFile } from './part-file.ts';
import { readVerified } from './read-verified.ts';

export interface BlobCacheOptions {
  /** Created for this user alone; nothing else belongs in it. Two runs at once waste work; what one clears, the other misses. */
  readonly folder: string;
  /** Most downloads at once. */
  readonly parallel?: number;
  /** Bytes that are there now, also from an earlier run; negative when they proved wrong and were thrown away. */
  readonly onBytes?: (bytes: number) => void;
  readonly openFile?: OpenFile;
  readonly freeBytes?: (folder: string) => Promise<number>;
}

/** A source whose blobs are downloaded to a folder, several at once, and never again when finished, in any later run. */
export interface CachedSource extends ImageSource {
  /** Downloads what is missing; fails as soon as one blob does, and keeps what is there of the others. */
  prefetch(contents: readonly WantedContent[], options?: SourceOptions): Promise<void>;
  /** Deletes the folder's blobs: for after an installation. */
  clear(): Promise<void>;
}

export function cachedSource(source: ImageSource, options: BlobCacheOptions): CachedSource {
  const { folder: path, parallel = 3, onBytes = () => {}, openFile, freeBytes = freeBytesOf } = options;
  const folder = openBlobFolder(path, openFile);
  const origins = originsOf(source);
  const inTurn = limitParallel(parallel);
  /** Blobs that are proven in this run, or being fetched: each by one job, whoever asks. */
  const jobs = new Map<Digest, Promise<void>>();

  const download = async (wanted: WantedContent, options?: SourceOptions): Promise<void> => {
    await folder.create();
    const { digest } = wanted;
    if (await folder.isProven(digest, options?.signal)) return onBytes(await folder.bytesOf(digest));
    const part = await folder.openPart(digest, options?.signal);
    try {
      onBytes(part.length);
      await fillPart(part, wanted, origins, onBytes, options);
    } catch (error) {
      throw explain(error, path, (wanted.size ?? wanted.limit) - part.length);
    } finally {
      await part.close();
    }
    await folder.finish(digest);
  };
  const obtain = (wanted: WantedContent, options?: SourceOptions): Promise<void> => {
    const { digest } = wanted;
    const known = jobs.get(digest);
    if (known) return known;
    const job = inTurn(() => download(wanted, options)).catch((error: unknown) => {
      jobs.delete(digest);
      throw explain(error, path, wanted.size ?? wanted.limit);
    });
    jobs.set(digest, job);
    return job;
  };

  return {
    location: source.location,
    resolve: (reference, options) => source.resolve(reference, options),
    findSignatures: (image, digest, options) => source.findSignatures(image, digest, options),
    findBundles: (image, digest, options) => source.findBundles(image, digest, options),
    findAttestations: (image, digest, options) => source.findAttestations(image, digest, options),

    async *fetch(wanted, options) {
      if (wanted.kind === 'manifest') return yield await readVerified(source, wanted, options);
      await obtain(wanted, options);
      yield* folder.read(wanted.digest, options);
    },

    async prefetch(contents, { signal } = {}) {
      const missing = [...new Map(contents.map((content) => [content.digest, content])).values()];
      await requireRoom(folder, path, missing, freeBytes);
      const failed = new AbortController();
      const options = { signal: signal ? AbortSignal.any([signal, failed.signal]) : failed.signal };
      const stopAll = (error: unknown) => failed.abort(error);
      await Promise.all(missing.map((wanted) => obtain(wanted, options).catch(stopAll))); // none is left behind running
      failed.signal.throwIfAborted();
    },

    async clear() {
      jobs.clear();
      await folder.clear();
    },
  };
}

async function requireRoom(
  folder: BlobFolder,
  path: string,
  missing: readonly WantedContent[],
  freeBytes: (folder: string) => Promise<number>,
): Promise<void> {
  await folder.create();
  let needed = 0;
  for (const { digest, size = 0 } of missing) needed += Math.max(0, size - (await folder.bytesOf(digest)));
  const free = await freeBytes(path);
  if (free < needed) throw diskFull(path, needed, { free });
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Failed calls on the folder in our words; everything else, an abort's reason above all, as it is. */
function explain(error: unknown, folder: string, needed: number): unknown {
  const code = systemCode(error);
  if (code === undefined || !(error instanceof Error && 'syscall' in error)) return error;
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? diskFull(folder, needed, { cause: error })
    : stateFault(error, 'keep a download in', folder);
}

function diskFull(folder: string, needed: number, { free, cause }: { free?: number; cause?: unknown }): CodedError {
  const has = free === undefined ? 'is full' : `has ${free} free`;
  return new CodedError('DISK_FULL', `the download needs ${needed} bytes more, and the disk of ${folder} ${has}`, {
    suggestions: ['Free some space and run the same command again: what was downloaded is kept.'],
    details: { needed, folder, ...(free !== undefined && { free }) },
    cause,
  });
}
