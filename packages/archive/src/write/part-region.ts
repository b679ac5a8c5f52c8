import type { FileHandle } from 'node:fs/promises';
import type { PartFile } from '@dangerzone-image/core';
import type { HashedRegion } from './hash-regions.ts';

/** Chunks of a socket are small: written one by one, the calls would take longer than the bytes. */
const FLUSH_BYTES = 1024 * 1024;
const FLUSH_CHUNKS = 256;

export interface PartRegionOptions {
  readonly file: FileHandle;
  /** Where in the file the region begins. */
  readonly at: number;
  /** Bytes of it that an earlier run wrote. */
  readonly length: number;
  readonly hashed: HashedRegion;
  /** So many bytes are in the file now, for the next run. */
  readonly record: (bytes: number) => Promise<void>;
}

/** One blob on its way to its place in an archive. While a batch is written, the next one comes in. */
export function partRegion({ file, at, length: begun, hashed, record }: PartRegionOptions): PartFile {
  let length = begun;
  let written = begun;
  let batch: Uint8Array[] = [];
  let batchBytes = 0;
  let writing = Promise.resolve();
  hashed.advance(begun);

  const write = async (chunks: readonly Uint8Array[]): Promise<void> => {
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const { bytesWritten } = await file.writev(chunks, at + written);
    // A full disk writes the first part, and says so at the next call.
    for (let rest = bytesWritten; rest < bytes; ) {
      const left = Buffer.concat(chunks).subarray(rest);
      rest += (await file.write(left, 0, left.length, at + written + rest)).bytesWritten;
    }
    written += bytes;
    hashed.advance(written);
    await record(written);
  };
  const flush = async (): Promise<void> => {
    await writing;
    if (batch.length === 0) return;
    const chunks = batch;
    batch = [];
    batchBytes = 0;
    writing = write(chunks);
    writing.catch(() => {}); // whoever appends next, or closes, is told
  };
  const settle = async (): Promise<void> => {
    await flush();
    await writing;
  };

  return {
    get length() {
      return length;
    },
    async append(chunk) {
      batch.push(chunk);
      batchBytes += chunk.length;
      length += chunk.length;
      if (batchBytes >= FLUSH_BYTES || batch.length >= FLUSH_CHUNKS) await flush();
    },
    async restart() {
      await settle();
      length = 0;
      written = 0;
      hashed.restart();
      await record(0);
    },
    async digest() {
      await settle();
      return hashed.digest();
    },
    close: settle,
  };
}
