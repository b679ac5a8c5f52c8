import { atomicWrite } from './atomic-write.ts';
import { finishReset } from './finish-reset.ts';
import { formatLedger } from './format-ledger.ts';
import { moveAside } from './keep-damaged.ts';
import { LEDGER_FILE, type Ledger, MAX_LEDGER_BYTES } from './ledger.ts';
import type { ResetPlan } from './plan-reset.ts';
import { readStateFile } from './read-state-file.ts';
import type { StateFolder } from './state-folder.ts';
import type { StateFs } from './state-fs.ts';
import type { StateInspection } from './state-inspection.ts';

/**
 * Puts everything away, with the lock held. The new ledger is the commit point: before it nothing is changed but for a
 * copy, after it all is forgotten, and whatever was not moved yet the next run moves.
 */
export async function carryOutReset(
  folder: StateFolder,
  inspection: StateInspection,
  { to, names, ledger }: ResetPlan,
  fs: StateFs,
): Promise<Ledger> {
  const old = await keepOldLedger(folder, inspection, to, fs);
  const next = { ...ledger, reset: { to, names: [...old, ...names] } };
  await atomicWrite(folder, [LEDGER_FILE], formatLedger(next), fs);
  return finishReset(folder, next, fs);
}

/** A copy in the backup, while it can be read. What cannot be read is moved, and goes there with the rest. */
async function keepOldLedger(
  folder: StateFolder,
  { ledger }: StateInspection,
  to: string,
  fs: StateFs,
): Promise<string[]> {
  if (ledger.state === 'refused') return [await moveAside(folder, [LEDGER_FILE], fs)];
  const bytes = await readStateFile(folder, [LEDGER_FILE], MAX_LEDGER_BYTES, fs);
  if (bytes) await atomicWrite(folder, [to, LEDGER_FILE], bytes, fs);
  return [];
}
