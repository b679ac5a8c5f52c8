import { constants } from 'node:fs';
import { lstat, open, rename, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fillPart, type ImageSource, limitParallel, originsOf } from '@dangerzone-image/core';
import type { ArchivePlan, PlacedBlob } from './archive-plan.ts';
import { hashRegions, type RegionHasher } from './hash-regions.ts';
import { diskFull, outputFault } from './output-fault.ts';
import { type OpenFile, openOwnFile } from './own-file.ts';
import { openJournal, type PartJournal } from './part-journal.ts';
import { createRegionBuffers, partRegion, type RegionBuffers } from './part-region.ts';
import { type SyncedFile, syncedFile } from './synced-file.ts';

export interface WriteArchiveOptions {
  readonly source: ImageSource;
  /** Path below the registry. */
  readonly repository: string;
  /** Gets its name when every byte is in it and proven; before, it is `<output>.part`. */
  readonly output: string;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of layers that are there now, also from an earlier run; negative when they proved wrong. */
  readonly onBytes?: (bytes: number) => void;
  /** Most downloads at once. */
  readonly parallel?: number;
  readonly openFile?: OpenFile | undefined;
  readonly freeBytes?: (folder: string) => Promise<number>;
}

/**
 * From the registry to a file, each layer at its place and hashed there: there is no other copy of the image. Whatever
 * dies when, the next run goes on with what is in the `.part` file, after hashing it again.
 */
export async function writeArchive(plan: ArchivePlan, options: WriteArchiveOptions): Promise<void> {
  const { output, openFile, signal } = options;
  const path = `${output}.part`;
  try {
    await requireRoom(plan, path, options);
    const file = await openOwnFile(path, openFile);
    try {
      const isNew = (await file.stat()).size === 0;
      const journal = await openJournal(`${path}.journal`, plan, { isNew, openFile });
      try {
        await file.truncate(plan.size);
        const synced = syncedFile(file);
        await fillLayers({ file: synced, journal }, file.fd, plan, options);
        for (const { at, bytes } of plan.known) await synced.write(bytes, 0, bytes.length, at);
        await synced.sync();
      } finally {
        await journal.close();
      }
      await file.close();
      signal?.throwIfAborted();
      await rename(path, output);
      await syncFolder(dirname(output));
      await journal.remove();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw outputFault(error, output);
  }
}

/** Several layers at once; as soon as one fails the others stop, and what is there of them is kept. */
async function fillLayers(
  { file, journal }: Pick<Place, 'file' | 'journal'>,
  fd: number,
  { layers }: ArchivePlan,
  options: WriteArchiveOptions,
): Promise<void> {
  const { signal: caller, parallel = 3 } = options;
  const inTurn = limitParallel(parallel);
  const failed = new AbortController();
  const signal = caller ? AbortSignal.any([caller, failed.signal]) : failed.signal;
  const hasher = hashRegions(fd);
  const spare: RegionBuffers[] = [];
  try {
    const stopAll = (error: unknown) => failed.abort(error);
    const fill = async (layer: PlacedBlob) => {
      const buffers = spare.pop() ?? createRegionBuffers();
      await fillLayer({ file, buffers, journal, hasher }, layer, { ...options, signal });
      spare.push(buffers);
    };
    await Promise.all(layers.map((layer) => inTurn(() => fill(layer)).catch(stopAll))); // none is left behind running
    failed.signal.throwIfAborted();
  } finally {
    await hasher.close();
  }
}

interface Place {
  readonly file: SyncedFile;
  readonly buffers: RegionBuffers;
  readonly journal: PartJournal;
  readonly hasher: RegionHasher;
}

async function fillLayer(
  { file, buffers, journal, hasher }: Place,
  { at, digest, size }: PlacedBlob,
  { source, repository, onBytes = () => {}, signal }: WriteArchiveOptions,
): Promise<void> {
  signal?.throwIfAborted();
  const length = journal.bytesOf(digest);
  const record = (bytes: number) => journal.record(digest, bytes);
  const part = partRegion({ file, buffers, at, length, hashed: hasher.begin(at), record });
  try {
    onBytes(length);
    const wanted = { kind: 'blob', repository, digest, size, limit: size } as const;
    await fillPart(part, wanted, originsOf(source), onBytes, { ...(signal && { signal }) });
  } finally {
    await part.close();
  }
}

async function requireRoom(plan: ArchivePlan, part: string, options: WriteArchiveOptions): Promise<void> {
  const { output, freeBytes = freeBytesOf } = options;
  const there = await lstat(part).catch(() => undefined);
  const needed = Math.max(0, plan.size - Math.min((there?.blocks ?? 0) * 512, plan.size));
  const free = await freeBytes(dirname(output));
  if (free >= needed) return;
  throw diskFull(output, `${needed} bytes are needed, ${free} are free`, { details: { needed, free } });
}

export async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Makes the name last through a power cut. Windows opens no folder; NTFS journals its names. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
