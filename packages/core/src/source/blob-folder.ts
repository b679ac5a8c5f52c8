import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, opendir, rename, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureFolder, factsOf, findFolder, requirePrivateFile } from '../ledger/require-private.ts';
import { stateFault, systemCode } from '../ledger/state-fault.ts';
import { nodeStateFs } from '../ledger/state-fs.ts';
import { type Digest, hexOf } from '../oci/digest.ts';
import type { FetchOptions } from './image-source.ts';
import { CAREFULLY, hashFile, type OpenFile, openPart, type PartFile } from './part-file.ts';
import { readStretch, type SeekableFile } from './read-stretch.ts';

/** Blobs in a folder of this user's alone: `<hex>` is one that was right when it got its name, `<hex>.part` is on its way. */
export interface BlobFolder {
  create(): Promise<void>;
  /** True for a finished blob whose bytes still have the digest; a damaged one is there to be replaced. */
  isProven(digest: Digest, signal?: AbortSignal): Promise<boolean>;
  /** Bytes that are there of a blob, finished or not; unproven. */
  bytesOf(digest: Digest): Promise<number>;
  openPart(digest: Digest, signal?: AbortSignal): Promise<PartFile>;
  /** Gives a complete part its final name. */
  finish(digest: Digest): Promise<void>;
  read(digest: Digest, options?: FetchOptions): AsyncIterable<Uint8Array>;
  /** Deletes all blobs and parts, and the folder where nothing else is in it. */
  clear(): Promise<void>;
}

const OURS = /^[0-9a-f]{64}(\.part)?$/;
const READ = constants.O_RDONLY | CAREFULLY;

export function openBlobFolder(folder: string, openFile: OpenFile = open): BlobFolder {
  const finished = (digest: Digest) => join(folder, hexOf(digest));
  const part = (digest: Digest) => `${finished(digest)}.part`;
  const isProven = (digest: Digest, signal?: AbortSignal) => proveFile(finished(digest), digest, openFile, signal);
  return {
    create: () => ensureFolder(folder, nodeStateFs),
    isProven,
    async bytesOf(digest) {
      const facts = (await factsOf(finished(digest), nodeStateFs)) ?? (await factsOf(part(digest), nodeStateFs));
      return facts?.size ?? 0;
    },
    openPart: (digest, signal) => openPart(part(digest), openFile, signal),
    async finish(digest) {
      try {
        // Not synced: what a power cut damages is found by its digest and fetched again.
        await rename(part(digest), finished(digest));
      } catch (error) {
        // Another run was at the same part, and was first.
        if (!(await isProven(digest))) throw error;
      }
    },
    async *read(digest, options) {
      const path = finished(digest);
      const file = await openFile(path, READ).catch((error) => Promise.reject(stateFault(error, 'read', path)));
      try {
        const { size } = await file.stat();
        yield* readStretch(seekable(file), { offset: 0, size }, options);
      } finally {
        await file.close();
      }
    },
    clear: () => clearFolder(folder),
  };
}

/** Where the file got shorter meanwhile there are fewer bytes: whoever holds them against their digest is told. */
function seekable(file: FileHandle): SeekableFile {
  return {
    async read(offset, length, into = Buffer.allocUnsafe(length)) {
      let got = 0;
      for (let more = 1; more > 0 && got < length; got += more)
        more = (await file.read(into, got, length - got, offset + got)).bytesRead;
      return into.subarray(0, got);
    },
  };
}

async function proveFile(path: string, digest: Digest, openFile: OpenFile, signal?: AbortSignal): Promise<boolean> {
  if (!(await factsOf(path, nodeStateFs))) return false;
  const file = await openFile(path, READ);
  try {
    requirePrivateFile(path, await file.stat(), nodeStateFs);
    const hash = createHash('sha256');
    await hashFile(file, hash, signal);
    return `sha256:${hash.digest('hex')}` === digest;
  } finally {
    await file.close();
  }
}

async function clearFolder(folder: string): Promise<void> {
  if (!(await findFolder(folder, nodeStateFs))) return;
  try {
    for await (const { name } of await opendir(folder)) {
      if (OURS.test(name)) await unlink(join(folder, name));
    }
    await rmdir(folder);
  } catch (error) {
    const code = systemCode(error) ?? '';
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(code)) throw stateFault(error, 'delete', folder);
  }
}
