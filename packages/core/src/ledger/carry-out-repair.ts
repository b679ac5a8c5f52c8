import type { Profile } from '../profile/profile.ts';
import { atomicWrite } from './atomic-write.ts';
import { finishReset } from './finish-reset.ts';
import { formatLedger } from './format-ledger.ts';
import type { InspectedProfile } from './inspect-state.ts';
import { keepDamaged, moveAside } from './keep-damaged.ts';
import { LAST_LOG_INDEX, replaceLastLogIndex } from './last-log-index.ts';
import { LEDGER_FILE } from './ledger.ts';
import type { RepairPlan } from './plan-repair.ts';
import { readStateFile } from './read-state-file.ts';
import { removeLeftOvers } from './remove-left-overs.ts';
import { writeSignatures } from './signature-store.ts';
import type { StateFolder } from './state-folder.ts';
import type { StateFs } from './state-fs.ts';
import type { SignatureFile, StateInspection } from './state-inspection.ts';
import { MAX_SIGNATURE_FILE_BYTES } from './stored-signature.ts';

/**
 * Does what was planned, with the lock held. The ledger goes first: its record of what is done is on the disk before any
 * floor is lower, and a run that dies after it leaves a floor too high, never one too low without a record.
 */
export async function carryOutRepair(
  folder: StateFolder,
  profile: InspectedProfile,
  inspection: StateInspection,
  { ledger, floorFile, actions }: RepairPlan,
  fs: StateFs,
): Promise<void> {
  if (actions.length === 0) return;
  if (inspection.ledger.state === 'sound' && inspection.ledger.ledger.reset) {
    await finishReset(folder, inspection.ledger.ledger, fs);
    return;
  }
  if (ledger) {
    await keepOldLedger(folder, inspection, fs);
    await atomicWrite(folder, [LEDGER_FILE], formatLedger(ledger), fs);
  }
  if (floorFile) {
    if (inspection.floorFile.state === 'damaged') await moveAside(folder, LAST_LOG_INDEX.split('/'), fs);
    await replaceLastLogIndex(folder, floorFile.index, fs);
  }
  const byName = new Map(inspection.signatures.files.map((file) => [file.name, file]));
  for (const { type, name } of actions) {
    const file = byName.get(name);
    if (type === 'move-aside') await moveAside(folder, name.split('/'), fs);
    if (type === 'keep-valid-signatures' && file) await keepValid(folder, profile, file, fs);
  }
  await removeLeftOvers(folder, fs);
}

/** A copy while it can be read: the name is never without a ledger. What cannot be read is moved. */
async function keepOldLedger(folder: StateFolder, { ledger }: StateInspection, fs: StateFs): Promise<void> {
  if (ledger.state === 'unreadable') await keepDamaged(folder, [LEDGER_FILE], ledger.bytes, fs);
  if (ledger.state === 'refused') await moveAside(folder, [LEDGER_FILE], fs);
}

/** Dangerzone refuses a whole file for one signature that does not verify. */
async function keepValid(
  folder: StateFolder,
  { trust, replacedLogs }: Pick<Profile, 'trust' | 'replacedLogs'>,
  { name, keyFile, digest }: SignatureFile,
  fs: StateFs,
): Promise<void> {
  const key = trust.keys.find(({ fileDigest }) => fileDigest === keyFile);
  const bytes = await readStateFile(folder, name.split('/'), MAX_SIGNATURE_FILE_BYTES, fs);
  if (!key || !bytes) return;
  await keepDamaged(folder, name.split('/'), bytes, fs);
  await writeSignatures(folder, key, digest, [], { fs, trust: { ...trust, logs: [...trust.logs, ...replacedLogs] } });
}
