import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ensureFolder } from './require-private.ts';
import { stateFault, systemCode } from './state-fault.ts';
import type { StateFolder } from './state-folder.ts';
import type { StateFs } from './state-fs.ts';

const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
const TEMPORARY = /^\..+\.[0-9a-f]{16}\.part$/;

/**
 * Replaces a file of ours: readers see the old bytes or the new ones, also after a power cut. Written under a fresh
 * name in the same folder, synced, renamed, and the rename synced.
 */
export async function atomicWrite(
  folder: StateFolder,
  names: readonly string[],
  bytes: Uint8Array,
  fs: StateFs,
): Promise<void> {
  for (let depth = 0; depth < names.length; depth++)
    await ensureFolder(join(folder.path, ...names.slice(0, depth)), fs);
  const path = join(folder.path, ...names);
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(8).toString('hex')}.part`);
  try {
    await writeSynced(temporary, bytes, fs);
    await fs.rename(temporary, path);
    await fs.syncFolder(dirname(path));
  } catch (error) {
    await fs.unlink(temporary).catch(() => undefined); // the first failure is the one to tell
    throw stateFault(error, 'write', path);
  }
}

async function writeSynced(path: string, bytes: Uint8Array, fs: StateFs): Promise<void> {
  const file = await fs.open(path, FLAGS, 0o600);
  try {
    await file.write(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Takes a file of ours away; no error when it is gone already. */
export async function removeStateFile(folder: StateFolder, names: readonly string[], fs: StateFs): Promise<void> {
  const path = join(folder.path, ...names);
  try {
    await fs.unlink(path);
    await fs.syncFolder(dirname(path));
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw stateFault(error, 'remove', path);
  }
}

export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

/** Temporary files of a run that was killed; only whoever holds the lock may call this. */
export async function removeTemporaries(path: string, names: readonly string[], fs: StateFs): Promise<void> {
  for (const name of names.filter(isTemporary)) {
    await fs.unlink(join(path, name)).catch(() => undefined); // the next run tries again
  }
}
