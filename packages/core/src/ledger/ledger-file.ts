import { join } from 'node:path';
import { atomicWrite } from './atomic-write.ts';
import { finishReset } from './finish-reset.ts';
import { formatLedger } from './format-ledger.ts';
import { isKeptDamaged, keepDamaged } from './keep-damaged.ts';
import {
  type FloorFile,
  floorNotices,
  type LedgerProfile,
  readLastLogIndex,
  refillLastLogIndex,
  writeLastLogIndex,
} from './last-log-index.ts';
import { emptyLedger, LEDGER_FILE, type Ledger, MAX_LEDGER_BYTES } from './ledger.ts';
import { adoptInstalled, raiseFloor } from './ledger-changes.ts';
import { parseLedger } from './ledger-schema.ts';
import { listStateFolder } from './list-state-folder.ts';
import { readStateFile } from './read-state-file.ts';
import type { Release } from './release.ts';
import { removeLeftOvers } from './remove-left-overs.ts';
import type { StateFolder } from './state-folder.ts';
import { nodeStateFs, type StateFs } from './state-fs.ts';

export interface ReadLedgerOptions {
  readonly fs?: StateFs;
  readonly now?: () => Date;
  /** How a moment is waited for when Dangerzone is just writing its file. */
  readonly wait?: (milliseconds: number) => Promise<void>;
  /** Releases that an engine has and that verify now; asked only when there is no usable ledger. */
  readonly installed?: () => readonly Release[] | Promise<readonly Release[]>;
  /** For verbs without the lock: heal in memory, leave the disk alone. */
  readonly readOnly?: boolean;
}

export interface LedgerReading {
  readonly ledger: Ledger;
  /**
   * `new`: there was nothing. `dangerzone`: no ledger, but Dangerzone's `last_log_index`. `rebuilt`: the ledger was
   * unreadable. Where it is `new` and an engine has an image of this name, the history was lost.
   */
  readonly origin: 'stored' | 'new' | 'dangerzone' | 'rebuilt';
  /** What the user should be told, a sentence each. */
  readonly notices: readonly string[];
}

/**
 * The ledger with Dangerzone's floor merged in, healed or rebuilt where needed. Call it with the lock held, or with
 * `readOnly`. The profile's own floor is not merged: `requireInstallable` and `effectiveFloors` take it.
 */
export async function readLedger(
  folder: StateFolder,
  profile: LedgerProfile,
  options: ReadLedgerOptions = {},
): Promise<LedgerReading> {
  const { fs = nodeStateFs, readOnly = false } = options;
  if (!readOnly) await removeLeftOvers(folder, fs);
  const stored = await resumeReset(folder, await readStored(folder, profile.image, fs), readOnly, fs);
  // Until a reset is finished, the file is still the one that is to be forgotten.
  const floorFile = stored.ledger?.reset
    ? ({ state: 'missing' } as const)
    : await readLastLogIndex(folder, profile, { ...options, fs });
  const unmerged = await complete(profile, stored, floorFile, options);
  const ledger = mergeFloor(unmerged, profile, floorFile);
  const notices = [...lostNotices(stored, readOnly), ...floorNotices(floorFile, profile, ledger)];
  if (!readOnly) await heal(folder, profile, { stored, floorFile, ledger }, fs);
  return { ledger, origin: originOf(stored, floorFile), notices };
}

export async function writeLedger(
  folder: StateFolder,
  ledger: Ledger,
  { fs = nodeStateFs }: { readonly fs?: StateFs } = {},
): Promise<void> {
  await atomicWrite(folder, [LEDGER_FILE], formatLedger(ledger), fs);
}

const MAX_NAMES = 10_000;
const MOVED_AWAY =
  'History lost: there is no ledger.json, only a damaged one that was kept aside. Only what is installed now is known.';

/** What was on disk: a ledger, bytes that are none, or nothing. */
interface Stored {
  readonly bytes?: Uint8Array;
  readonly ledger?: Ledger;
  /** No ledger, but a damaged one that was moved away: by hand, or by a repair that was cut short. */
  readonly isMovedAway?: boolean;
}

async function resumeReset(folder: StateFolder, stored: Stored, readOnly: boolean, fs: StateFs): Promise<Stored> {
  if (readOnly || !stored.ledger?.reset) return stored;
  return { ...stored, ledger: await finishReset(folder, stored.ledger, fs) };
}

async function readStored(folder: StateFolder, image: string, fs: StateFs): Promise<Stored> {
  const bytes = await readStateFile(folder, [LEDGER_FILE], MAX_LEDGER_BYTES, fs);
  if (!bytes) return (await hasKeptDamaged(folder, fs)) ? { isMovedAway: true } : {};
  const ledger = parseLedger(bytes, image, join(folder.path, LEDGER_FILE));
  return { bytes, ...(ledger && { ledger }) };
}

async function hasKeptDamaged(folder: StateFolder, fs: StateFs): Promise<boolean> {
  const names = await listStateFolder(folder, [], MAX_NAMES, fs);
  return names.some((name) => name.startsWith(LEDGER_FILE) && isKeptDamaged(name));
}

/**
 * A ledger without a release may stand in the place of one that was lost: a verb that asks no engine made it. An
 * installation or a reset that was cut short says what it is without.
 */
function isComplete({ releases, pending, reset }: Ledger): boolean {
  return releases.length > 0 || pending !== undefined || reset !== undefined;
}

/** From releases that an engine has now, and from nothing else: what is stored proves only that something was signed. */
async function complete(
  profile: LedgerProfile,
  stored: Stored,
  floorFile: FloorFile,
  { installed = () => [], now = () => new Date() }: ReadLedgerOptions,
): Promise<Ledger> {
  if (stored.ledger && isComplete(stored.ledger)) return stored.ledger;
  const ledger = adoptInstalled(stored.ledger ?? emptyLedger(profile.image), await installed(), now());
  // With Dangerzone's own floor and no ledger there was none to lose: this tool's first run on that folder.
  const isLost =
    isDamaged(stored) || stored.isMovedAway || (ledger.releases.length > 0 && floorFile.state === 'missing');
  return isLost ? { ...ledger, historyLost: true } : ledger;
}

function mergeFloor(ledger: Ledger, { dangerzoneLogId }: LedgerProfile, { index }: FloorFile): Ledger {
  return dangerzoneLogId === undefined || index === undefined ? ledger : raiseFloor(ledger, dangerzoneLogId, index);
}

function isDamaged(stored: Stored): stored is Stored & Required<Pick<Stored, 'bytes'>> {
  const { bytes, ledger } = stored;
  return bytes !== undefined && ledger === undefined;
}

function lostNotices(stored: Stored, readOnly: boolean): string[] {
  if (stored.isMovedAway) return [MOVED_AWAY];
  if (!isDamaged(stored)) return [];
  const kept = readOnly ? 'the next upgrade keeps it aside and rebuilds it' : 'it was kept aside';
  return [
    `History lost: ledger.json was unreadable, ${kept}. Only what is installed now is known; what it replaced is not.`,
  ];
}

interface Healing {
  readonly stored: Stored;
  readonly floorFile: FloorFile;
  readonly ledger: Ledger;
}

/**
 * The damaged bytes are copied before the new ledger takes their name: killed in between, both are still there. The
 * ledger goes before the file that is derived from it, or the next run would take that for Dangerzone's.
 */
async function heal(
  folder: StateFolder,
  profile: LedgerProfile,
  { stored, floorFile, ledger }: Healing,
  fs: StateFs,
): Promise<void> {
  if (isDamaged(stored)) await keepDamaged(folder, [LEDGER_FILE], stored.bytes, fs);
  const hasMore = ledger.releases.length > (stored.ledger?.releases.length ?? 0);
  if (isDamaged(stored) || stored.isMovedAway || hasMore) await writeLedger(folder, ledger, { fs });
  if (floorFile.state === 'empty') await refillLastLogIndex(folder, profile, ledger, fs);
  else await writeLastLogIndex(folder, profile, ledger, { fs });
}

function originOf({ bytes, ledger }: Stored, { state }: FloorFile): LedgerReading['origin'] {
  if (ledger) return 'stored';
  if (bytes) return 'rebuilt';
  return state === 'missing' ? 'new' : 'dangerzone';
}
