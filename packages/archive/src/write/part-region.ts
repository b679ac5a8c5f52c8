import type { PartFile } from '@dangerzone-image/core';
import type { HashedRegion } from './hash-regions.ts';
import type { SyncedFile } from './synced-file.ts';

/** Chunks of a socket are small: written one by one, the calls would take longer than the bytes. */
const BATCH_BYTES = 1024 * 1024;

/** Two, handed from one region to the next: twenty layers need no more of them than are fetched at once. */
export type RegionBuffers = readonly [Buffer, Buffer];

export function createRegionBuffers(): RegionBuffers {
  return [Buffer.allocUnsafeSlow(BATCH_BYTES), Buffer.allocUnsafeSlow(BATCH_BYTES)];
}

export interface PartRegionOptions {
  readonly file: Pick<SyncedFile, 'write'>;
  readonly buffers: RegionBuffers;
  /** Where in the file the region begins. */
  readonly at: number;
  /** Bytes of it that an earlier run wrote. */
  readonly length: number;
  readonly hashed: HashedRegion;
  /** So many bytes are in the file now, for the next run; nothing waits for it but the end. */
  readonly record: (bytes: number) => Promise<void>;
}

/**
 * One blob on its way to its place in an archive, by way of two buffers: while one is written, the next bytes come into
 * the other. Chunks that were kept would outlive the collector's first look, and memory would grow with the image.
 */
export function partRegion({ file, buffers, at, length: begun, hashed, record }: PartRegionOptions): PartFile {
  let length = begun;
  let written = begun;
  let [filling, other] = buffers;
  let filled = 0;
  let writing = Promise.resolve();
  let recording = Promise.resolve();
  hashed.advance(begun);

  const note = (bytes: number): void => {
    recording = recording.then(() => record(bytes));
    recording.catch(() => {}); // whoever settles is told
  };

  const write = async (batch: Uint8Array): Promise<void> => {
    for (let sent = 0; sent < batch.length; )
      sent += (await file.write(batch, sent, batch.length - sent, at + written + sent)).bytesWritten;
    written += batch.length;
    hashed.advance(written);
    note(written);
  };
  const flush = async (): Promise<void> => {
    await writing;
    if (filled === 0) return;
    writing = write(filling.subarray(0, filled));
    writing.catch(() => {}); // whoever appends next, or closes, is told
    [filling, other] = [other, filling];
    filled = 0;
  };
  const settle = async (): Promise<void> => {
    await flush();
    await writing;
    await recording;
  };

  return {
    get length() {
      return length;
    },
    async append(chunk) {
      for (let taken = 0; taken < chunk.length; ) {
        const piece = chunk.subarray(taken, taken + BATCH_BYTES - filled);
        filling.set(piece, filled);
        filled += piece.length;
        taken += piece.length;
        if (filled === BATCH_BYTES) await flush();
      }
      length += chunk.length;
    },
    async restart() {
      await settle();
      length = 0;
      written = 0;
      hashed.restart();
      note(0);
      await recording;
    },
    async digest() {
      await settle();
      return hashed.digest();
    },
    close: settle,
  };
}
