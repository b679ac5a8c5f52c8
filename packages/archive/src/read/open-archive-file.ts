import { constants, fstat, open } from 'node:fs';
import type { Readable } from 'node:stream';
import { isatty } from 'node:tty';
import { promisify } from 'node:util';
import { CodedError, printable } from '@dangerzone-image/core';
import type { ArchiveFile } from './archive-file.ts';
import { descriptorFile } from './descriptor-file.ts';
import { type SpoolOptions, spool } from './spool.ts';

const [openFile, statOpen] = [promisify(open), promisify(fstat)];

export interface OpenFileOptions extends SpoolOptions {
  /** What `-` means. */
  readonly stdin?: { readonly fd: number; readonly stream: () => Readable };
  /** How long a named pipe may stay without its first byte, ms. */
  readonly pipeTimeoutMs?: number;
}

const STDIN = { fd: 0, stream: () => process.stdin };
const PIPE_TIMEOUT_MS = 60_000;
/** Opening must not wait for a named pipe's other end. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * The file that the user named, `-` for standard input. A link is followed once, here: what it leads to later does not
 * matter. What cannot seek is copied to a private file first; everything else is read where it is, never copied.
 */
export async function openArchiveFile(path: string, options: OpenFileOptions = {}): Promise<ArchiveFile> {
  const { stdin = STDIN } = options;
  if (path === '-') return openStdin(stdin, options);
  const location = `archive ${printable(path)}`;
  const fd = await openFile(path, FLAGS).catch((cause: NodeJS.ErrnoException) => {
    const why = { ENOENT: 'there is no such file', EACCES: 'it may not be read' }[cause.code ?? ''];
    throw unusable(location, why ?? `it cannot be opened (${cause.code})`, cause);
  });
  const facts = await statOpen(fd);
  if (facts.isFile()) return descriptorFile(fd, { location, size: facts.size });
  const pipe = facts.isFIFO() && (await openPipe(fd));
  if (pipe) return spoolPipe(pipe, location, options);
  await descriptorFile(fd, { location, size: 0 }).close();
  throw unusable(location, `expected a file, this is ${facts.isDirectory() ? 'a folder' : 'a device'}`);
}

async function openStdin(
  { fd, stream }: NonNullable<OpenFileOptions['stdin']>,
  options: OpenFileOptions,
): Promise<ArchiveFile> {
  const location = 'archive on standard input';
  if (isatty(fd)) throw unusable(location, 'expected a file or a pipe, this is a terminal');
  const facts = await statOpen(fd).catch((cause: unknown) => {
    throw unusable(location, 'there is none', cause);
  });
  if (facts.isFile()) return descriptorFile(fd, { location, size: facts.size }, async () => {});
  if (facts.isFIFO() || facts.isSocket()) return spool(stream(), location, options);
  throw unusable(location, `expected a file or a pipe, this is ${facts.isDirectory() ? 'a folder' : 'a device'}`);
}

async function openPipe(fd: number): Promise<Readable> {
  const { Socket } = await import('node:net');
  return new Socket({ fd, readable: true, writable: false });
}

/** Nobody may ever write to a named pipe: then there is no archive. */
async function spoolPipe(pipe: Readable, location: string, options: OpenFileOptions): Promise<ArchiveFile> {
  const { pipeTimeoutMs = PIPE_TIMEOUT_MS } = options;
  const timer = setTimeout(
    () => pipe.destroy(unusable(location, `nothing came out of this pipe for ${pipeTimeoutMs / 1000} s`)),
    pipeTimeoutMs,
  );
  pipe.once('readable', () => clearTimeout(timer));
  return spool(pipe, location, options).finally(() => clearTimeout(timer));
}

function unusable(location: string, why: string, cause?: unknown): CodedError {
  return new CodedError('USAGE', `${location}: ${why}`, {
    suggestions: ['Name the file that prepare-archive wrote, or - to read it from standard input.'],
    ...(cause !== undefined && { cause }),
  });
}
