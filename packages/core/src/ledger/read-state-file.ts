import { constants } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '../errors/coded-error.ts';
import { printablePath } from '../errors/printable.ts';
import { findFolder, requirePrivateFile } from './require-private.ts';
import { stateFault, systemCode } from './state-fault.ts';
import type { StateFolder } from './state-folder.ts';
import type { StateFile, StateFs } from './state-fs.ts';

// Windows knows neither flag. Without O_NONBLOCK a FIFO in the place of a file would hold us up for ever.
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** A file of ours, whole and bounded; nothing when it, or a folder on the way to it, is not there. */
export async function readStateFile(
  folder: StateFolder,
  names: readonly string[],
  limit: number,
  fs: StateFs,
): Promise<Uint8Array | undefined> {
  for (let depth = 0; depth < names.length; depth++) {
    if (!(await findFolder(join(folder.path, ...names.slice(0, depth)), fs))) return undefined;
  }
  const path = join(folder.path, ...names);
  const file = await openFile(path, fs);
  if (!file) return undefined;
  try {
    return await readBounded(file, path, limit, fs);
  } catch (error) {
    throw stateFault(error, 'read', path);
  } finally {
    await file.close();
  }
}

async function openFile(path: string, fs: StateFs): Promise<StateFile | undefined> {
  try {
    return await fs.open(path, FLAGS);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw stateFault(error, 'open', path);
  }
}

async function readBounded(file: StateFile, path: string, limit: number, fs: StateFs): Promise<Uint8Array> {
  const facts = await file.stat();
  requirePrivateFile(path, facts, fs);
  // Also when it grew after we looked: one byte more than the limit tells.
  const bytes = facts.size > limit ? undefined : await file.read(Math.min(limit, facts.size) + 1);
  if (bytes && bytes.length <= limit) return bytes;
  throw new CodedError('STATE_INVALID', `state ${printablePath(path)} is longer than ${limit} bytes`, {
    suggestions: ['No file of ours gets so long: move it away, and run this again.'],
    details: { path },
  });
}
