import { atomicWrite } from './atomic-write.ts';
import type { StateFolder } from './state-folder.ts';
import type { StateFs } from './state-fs.ts';

const MAX_KEPT = 20;
const MAX_NAMES = 10_000;

/** A copy of an unreadable file beside it, `<name>.damaged-<n>`, for whoever wants to know what happened. */
export async function keepDamaged(folder: StateFolder, name: string, bytes: Uint8Array, fs: StateFs): Promise<void> {
  const names = new Set(await fs.list(folder.path, MAX_NAMES));
  let number = 1;
  while (number < MAX_KEPT && names.has(`${name}.damaged-${number}`)) number++;
  await atomicWrite(folder, [`${name}.damaged-${number}`], bytes, fs);
}
