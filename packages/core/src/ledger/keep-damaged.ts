import { dirname, join } from 'node:path';
import { atomicWrite } from './atomic-write.ts';
import { stateFault } from './state-fault.ts';
import type { StateFolder } from './state-folder.ts';
import type { StateFs } from './state-fs.ts';

const MAX_KEPT = 20;
const MAX_NAMES = 10_000;
const DAMAGED = /\.damaged-[0-9]+$/;

/** A copy of an unreadable file beside it, `<name>.damaged-<n>`, for whoever wants to know what happened. */
export async function keepDamaged(
  folder: StateFolder,
  names: readonly string[],
  bytes: Uint8Array,
  fs: StateFs,
): Promise<void> {
  await atomicWrite(folder, await freeName(folder, names, fs), bytes, fs);
}

/** The same without reading it: also what is too long or a link gets out of the way, and is kept. Where it is now. */
export async function moveAside(folder: StateFolder, names: readonly string[], fs: StateFs): Promise<string> {
  const path = join(folder.path, ...names);
  try {
    const kept = await freeName(folder, names, fs);
    await fs.rename(path, join(folder.path, ...kept));
    await fs.syncFolder(dirname(path));
    return kept.join('/');
  } catch (error) {
    throw stateFault(error, 'move aside', path);
  }
}

export function isKeptDamaged(name: string): boolean {
  return DAMAGED.test(name);
}

async function freeName({ path }: StateFolder, names: readonly string[], fs: StateFs): Promise<readonly string[]> {
  const parents = names.slice(0, -1);
  const name = names.at(-1) ?? '';
  const taken = new Set(await fs.list(join(path, ...parents), MAX_NAMES));
  let number = 1;
  while (number < MAX_KEPT && taken.has(`${name}.damaged-${number}`)) number++;
  return [...parents, `${name}.damaged-${number}`];
}
