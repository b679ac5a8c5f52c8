import { dirname, join } from 'node:path';
import { atomicWrite } from './atomic-write.ts';
import { formatLedger } from './format-ledger.ts';
import { LEDGER_FILE, type Ledger } from './ledger.ts';
import { ensureFolder, factsOf } from './require-private.ts';
import { stateFault, systemCode } from './state-fault.ts';
import type { StateFolder } from './state-folder.ts';
import type { StateFs } from './state-fs.ts';

/**
 * Moves away what a committed reset put on its list; the ledger that is there is the new one already. Only whoever holds
 * the lock may call this.
 */
export async function finishReset(folder: StateFolder, ledger: Ledger, fs: StateFs): Promise<Ledger> {
  const { reset, ...finished } = ledger;
  if (!reset) return ledger;
  for (const name of reset.names) await putAway(folder, reset.to, name.split('/'), fs);
  await atomicWrite(folder, [LEDGER_FILE], formatLedger(finished), fs);
  return finished;
}

async function putAway({ path }: StateFolder, backup: string, names: readonly string[], fs: StateFs): Promise<void> {
  const [from, to] = [join(path, ...names), join(path, backup, ...names)];
  if (!(await factsOf(from, fs))) return;
  for (let depth = 0; depth < names.length; depth++)
    await ensureFolder(join(path, backup, ...names.slice(0, depth)), fs);
  try {
    await fs.rename(from, to);
    await fs.syncFolder(dirname(to));
    await fs.syncFolder(dirname(from));
  } catch (error) {
    // Moved before, and made again since by Dangerzone: that is new, and stays.
    if (['ENOTEMPTY', 'EEXIST'].includes(systemCode(error) ?? '')) return;
    throw stateFault(error, 'move aside', from);
  }
}
