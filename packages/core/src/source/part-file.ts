import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { requirePrivateFile } from '../ledger/require-private.ts';
import { nodeStateFs } from '../ledger/state-fs.ts';
import type { Digest } from '../oci/digest.ts';

/** Content on its way: what is in the file is hashed, and nothing else is believed of it. */
export interface PartFile {
  /** Bytes that are in the file. */
  readonly length: number;
  append(chunk: Uint8Array): Promise<void>;
  /** Throws away what is there. */
  restart(): Promise<void>;
  /** Of the bytes so far. */
  digest(): Digest | Promise<Digest>;
  close(): Promise<void>;
}

/** `open` of node:fs/promises; a parameter, so that tests can fill the disk. */
export type OpenFile = (path: string, flags: number, mode?: number) => Promise<FileHandle>;

const PIECE = 1024 * 1024;
/** No link is followed and no pipe waited for. Windows has neither flag; making a link there needs rights that others have not. */
export const CAREFULLY = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Opens or begins a file, and hashes what an earlier run left in it. Whoever may write it could only waste a download. */
export async function openPart(path: string, openFile: OpenFile = open, signal?: AbortSignal): Promise<PartFile> {
  const file = await openFile(path, constants.O_RDWR | constants.O_CREAT | CAREFULLY, 0o600);
  try {
    requirePrivateFile(path, await file.stat(), nodeStateFs);
    const hash = createHash('sha256');
    return toPart(file, hash, await hashFile(file, hash, signal));
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** How many bytes a file has; they go into the hash. */
export async function hashFile(file: FileHandle, hash: Hash, signal?: AbortSignal): Promise<number> {
  const buffer = Buffer.allocUnsafe(PIECE);
  for (let at = 0; ; ) {
    signal?.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, PIECE, at);
    if (bytesRead === 0) return at;
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}

function toPart(file: FileHandle, begun: Hash, bytes: number): PartFile {
  let hash = begun;
  let length = bytes;
  return {
    get length() {
      return length;
    },
    async append(chunk) {
      for (let sent = 0; sent < chunk.length; ) {
        const { bytesWritten } = await file.write(chunk, sent, chunk.length - sent, length);
        hash.update(chunk.subarray(sent, sent + bytesWritten));
        sent += bytesWritten;
        length += bytesWritten;
      }
    },
    async restart() {
      await file.truncate(0);
      hash = createHash('sha256');
      length = 0;
    },
    digest: () => `sha256:${hash.copy().digest('hex')}`,
    close: () => file.close(),
  };
}
