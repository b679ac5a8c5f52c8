import { join } from 'node:path';
import { CodedError } from '../errors/coded-error.ts';
import { printablePath } from '../errors/printable.ts';
import { findFolder } from './require-private.ts';
import { stateFault } from './state-fault.ts';
import type { StateFolder } from './state-folder.ts';
import type { StateFs } from './state-fs.ts';

/** Names in a folder of ours, bounded; none when it is not there. */
export async function listStateFolder(
  folder: StateFolder,
  names: readonly string[],
  limit: number,
  fs: StateFs,
): Promise<readonly string[]> {
  for (let depth = 0; depth <= names.length; depth++) {
    if (!(await findFolder(join(folder.path, ...names.slice(0, depth)), fs))) return [];
  }
  const path = join(folder.path, ...names);
  const found = await listed(path, limit + 1, fs);
  if (found.length <= limit) return found;
  throw new CodedError('STATE_INVALID', `state ${printablePath(path)} holds more than ${limit} entries`, {
    suggestions: ['Remove what belongs to images that you no longer have, or name another folder with --state-dir.'],
    details: { path },
  });
}

async function listed(path: string, limit: number, fs: StateFs): Promise<readonly string[]> {
  try {
    return await fs.list(path, limit);
  } catch (error) {
    throw stateFault(error, 'list', path);
  }
}
