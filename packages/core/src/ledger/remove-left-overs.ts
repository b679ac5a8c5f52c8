import { join } from 'node:path';
import { removeTemporaries } from './atomic-write.ts';
import { findFolder } from './require-private.ts';
import { stateFault } from './state-fault.ts';
import type { StateFolder } from './state-folder.ts';
import type { StateFs } from './state-fs.ts';

const MAX_NAMES = 10_000;
const KEY_FOLDER = /^[0-9a-f]{64}$/;
const DIGEST_FOLDER = /^sha256-[0-9a-f]{64}$/;

/** Clears what a killed run left half-written. Only whoever holds the lock may call this. */
export async function removeLeftOvers({ path }: StateFolder, fs: StateFs): Promise<void> {
  await sweep(path, fs);
  await sweep(join(path, 'manifests'), fs);
  for (const [parent, isOurs] of [
    ['signatures', KEY_FOLDER],
    ['bundles', DIGEST_FOLDER],
  ] as const) {
    const names = await sweep(join(path, parent), fs);
    for (const name of names.filter((each) => isOurs.test(each))) await sweep(join(path, parent, name), fs);
  }
}

async function sweep(path: string, fs: StateFs): Promise<readonly string[]> {
  if (!(await findFolder(path, fs))) return [];
  try {
    const names = await fs.list(path, MAX_NAMES);
    await removeTemporaries(path, names, fs);
    return names;
  } catch (error) {
    throw stateFault(error, 'list', path);
  }
}
