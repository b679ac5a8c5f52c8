import { close, open, write } from 'node:fs';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { promisify } from 'node:util';
import { CodedError, isZero, printable, TAR_BLOCK } from '@dangerzone-image/core';
import { type ArchiveFile, archiveInvalid } from './archive-file.ts';
import { descriptorFile } from './descriptor-file.ts';
import { parseTarHeader } from './parse-tar-header.ts';
import { refusalOfPacked } from './refusal-of-packed.ts';

const [openFile, closeFile, writeTo] = [promisify(open), promisify(close), promisify(write)];

export interface SpoolOptions {
  readonly signal?: AbortSignal;
  readonly temporaryFolder?: string;
  /** Most bytes that are taken in. */
  readonly limit?: number;
  /** Bytes free where the copy goes. */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

const LIMIT = 64 * 1024 ** 3;
/** What is left to the rest of the machine. */
const RESERVE = 64 * 1024 ** 2;
const LOOK_EVERY = 64 * 1024 ** 2;

/**
 * A copy of what cannot seek, for this user alone. Its name is gone as soon as it is open, so that nobody can reach it
 * and nothing is left of it however the run ends; where a system does not allow that, it goes when it is closed.
 */
export async function spool(stream: Readable, location: string, options: SpoolOptions = {}): Promise<ArchiveFile> {
  const { signal, temporaryFolder = tmpdir() } = options;
  // It may fail while nobody reads yet: whoever reads it then gets the failure all the same.
  stream.on('error', () => {});
  if (signal) addAbortSignal(signal, stream);
  const folder = await mkdtemp(join(temporaryFolder, 'dangerzone-image-archive-'));
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  let fd: number | undefined;
  try {
    fd = await openFile(join(folder, 'archive.tar'), 'wx+', 0o600);
    const opened = fd;
    if (process.platform !== 'win32') await removeFolder();
    const size = await copy(stream, opened, location, { ...options, temporaryFolder });
    return descriptorFile(opened, { location, size }, () => closeFile(opened).finally(removeFolder));
  } catch (error) {
    stream.destroy();
    if (fd !== undefined) await closeFile(fd);
    await removeFolder();
    throw explain(error, location, temporaryFolder);
  }
}

async function copy(
  stream: Readable,
  fd: number,
  location: string,
  { temporaryFolder = tmpdir(), limit = LIMIT, freeBytes = freeBytesOf }: SpoolOptions,
): Promise<number> {
  let size = 0;
  let looked = Number.NEGATIVE_INFINITY;
  let beginning = Buffer.alloc(0);
  for await (const piece of stream) {
    const chunk = piece as Buffer;
    if (beginning.length < TAR_BLOCK) {
      beginning = Buffer.concat([beginning, chunk.subarray(0, TAR_BLOCK - beginning.length)]);
      if (beginning.length === TAR_BLOCK) requireTar(beginning, location);
    }
    if (size + chunk.length > limit) throw archiveInvalid({ location }, `it is longer than ${limit} bytes`);
    if (size - looked >= LOOK_EVERY) {
      const free = await freeBytes(temporaryFolder);
      if (free < RESERVE + LOOK_EVERY) throw diskFull(location, temporaryFolder, { free });
      looked = size;
    }
    await writeAll(fd, chunk);
    size += chunk.length;
  }
  return size;
}

/** What is no tar from its first block on is not taken in: it may have no end. */
function requireTar(beginning: Buffer, location: string): void {
  const refusal =
    refusalOfPacked(beginning) ?? (isZero(beginning) ? 'it is no tar archive' : parseTarHeader(beginning));
  if (typeof refusal === 'string') throw archiveInvalid({ location, offset: 0 }, refusal);
}

async function writeAll(fd: number, chunk: Buffer): Promise<void> {
  for (let written = 0; written < chunk.length; ) {
    const { bytesWritten } = await writeTo(fd, chunk, written, chunk.length - written, null);
    written += bytesWritten;
  }
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

function explain(error: unknown, location: string, folder: string): unknown {
  const isFull = error instanceof Error && 'code' in error && error.code === 'ENOSPC';
  return isFull ? diskFull(location, folder, {}, error) : error;
}

function diskFull(location: string, folder: string, facts: { free?: number }, cause?: unknown): CodedError {
  return new CodedError('DISK_FULL', `${location} cannot be copied to ${printable(folder)}: there is no room`, {
    suggestions: [
      'Put the archive into a file and name that: a file is read where it is.',
      'Or set TMPDIR to a folder with room.',
    ],
    details: facts,
    ...(cause !== undefined && { cause }),
  });
}
