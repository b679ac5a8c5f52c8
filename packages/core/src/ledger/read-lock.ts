import { join } from 'node:path';
import { describeHolder } from './lock-holder.ts';
import { factsOf, requirePrivateFile } from './require-private.ts';
import type { StateFolder } from './state-folder.ts';
import type { StateFs } from './state-fs.ts';
import { isLockHeld, LOCK_FILE } from './with-lock.ts';

/** Who works on this state now, in words; nothing when nobody does. Takes no lock and makes no file. */
export async function readLock(folder: StateFolder, fs: StateFs): Promise<string | undefined> {
  const file = join(folder.path, LOCK_FILE);
  const facts = await factsOf(file, fs);
  if (!facts) return undefined;
  requirePrivateFile(file, facts, fs);
  return (await isLockHeld(folder)) ? describeHolder(folder, fs) : undefined;
}
