import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError } from '../errors/coded-error.ts';
import { printable, printablePath } from '../errors/printable.ts';
import type { Profile } from '../profile/profile.ts';
import { atomicWrite, removeStateFile } from './atomic-write.ts';
import type { Ledger } from './ledger.ts';
import { readStateFile } from './read-state-file.ts';
import type { StateFolder } from './state-folder.ts';
import { nodeStateFs, type StateFs } from './state-fs.ts';

export type LedgerProfile = Pick<Profile, 'image' | 'floor' | 'dangerzoneLogId'>;

/** Dangerzone's floor as it is on disk: the log index of the release that it installed last. */
export interface FloorFile {
  readonly state: 'missing' | 'empty' | 'read';
  readonly index?: number;
}

const NAMES = ['signatures', 'last_log_index'] as const;
export const LAST_LOG_INDEX = NAMES.join('/');
const DECIMAL = /^(0|[1-9][0-9]{0,15})$/;
const MAX_BYTES = 4096;
const MOMENT_MS = 200;

interface ReadOptions {
  readonly fs?: StateFs;
  readonly wait?: (milliseconds: number) => Promise<void>;
}

/** Dangerzone truncates the file before it writes it, so an empty one is read once more after a moment. */
export async function readLastLogIndex(
  folder: StateFolder,
  profile: LedgerProfile,
  options: ReadOptions = {},
): Promise<FloorFile> {
  if (profile.dangerzoneLogId === undefined) return { state: 'missing' };
  const { fs = nodeStateFs, wait = sleep } = options;
  const first = await readOnce(folder, fs);
  if (first.state !== 'empty') return first;
  await wait(MOMENT_MS);
  return readOnce(folder, fs);
}

async function readOnce(folder: StateFolder, fs: StateFs): Promise<FloorFile> {
  const bytes = await readStateFile(folder, NAMES, MAX_BYTES, fs);
  if (!bytes) return { state: 'missing' };
  if (bytes.length === 0) return { state: 'empty' };
  const text = Buffer.from(bytes).toString('latin1');
  const index = Number(text);
  // Another spelling would be read otherwise by Python's int(), which takes "1_000", "+7" and blanks.
  if (DECIMAL.test(text) && Number.isSafeInteger(index)) return { state: 'read', index };
  const path = join(folder.path, ...NAMES);
  throw new CodedError(
    'STATE_INVALID',
    `${printablePath(path)}: expected one log index in decimal digits, got ${printable(text)}`,
    {
      suggestions: ['Find out what wrote it, then run: dangerzone-image state repair'],
      details: { path },
    },
  );
}

export function floorNotices({ state }: FloorFile, profile: LedgerProfile, ledger: Ledger): string[] {
  if (state !== 'empty') return [];
  return [`last_log_index was empty (a write was cut off); the floor ${requireFloor(profile, ledger)} is in force.`];
}

/**
 * Writes the ledger's floor for Dangerzone, which takes no lock of ours: what it may have written meanwhile is read
 * again, and a higher floor stays. Nothing for other profiles.
 */
export async function writeLastLogIndex(
  folder: StateFolder,
  { dangerzoneLogId }: LedgerProfile,
  ledger: Ledger,
  { fs = nodeStateFs }: { readonly fs?: StateFs } = {},
): Promise<void> {
  const floor = dangerzoneLogId === undefined ? undefined : ledger.floors[dangerzoneLogId];
  if (floor === undefined) return;
  const { index = -1 } = await readOnce(folder, fs);
  if (index < floor) await writeFloor(folder, floor, fs);
}

/** An empty file gets the floor that is in force: Dangerzone fails on it. */
export async function refillLastLogIndex(
  folder: StateFolder,
  profile: LedgerProfile,
  ledger: Ledger,
  fs: StateFs,
): Promise<void> {
  await writeFloor(folder, requireFloor(profile, ledger), fs);
}

/** `state repair`: the file says this floor from now on, also when that is lower; without one there is no file. */
export async function replaceLastLogIndex(folder: StateFolder, floor: number | undefined, fs: StateFs): Promise<void> {
  if (floor === undefined) await removeStateFile(folder, NAMES, fs);
  else await writeFloor(folder, floor, fs);
}

/** As Dangerzone writes it: digits, no newline. */
async function writeFloor(folder: StateFolder, floor: number, fs: StateFs): Promise<void> {
  await atomicWrite(folder, NAMES, Buffer.from(String(floor)), fs);
}

function requireFloor({ dangerzoneLogId = '', floor }: LedgerProfile, { floors }: Ledger): number {
  const known = [floors[dangerzoneLogId], floor[dangerzoneLogId]].filter((index) => index !== undefined);
  if (known.length > 0) return Math.max(...known);
  throw new CodedError(
    'STATE_INVALID',
    'last_log_index is empty, and neither the ledger nor the profile has a floor for its log',
    {
      suggestions: ['See what is stored, and repair it: dangerzone-image state repair'],
    },
  );
}
