import { join } from 'node:path';
import * as v from 'valibot';
import { DEFAULT_INTERVAL_HOURS } from '../decision/check-due.ts';
import type { Updates } from '../decision/decide.ts';
import { CodedError, codeOf } from '../errors/coded-error.ts';
import { atomicWrite } from '../ledger/atomic-write.ts';
import { reasonOf } from '../ledger/inspect-signatures.ts';
import { moveAside } from '../ledger/keep-damaged.ts';
import { readStateFile } from '../ledger/read-state-file.ts';
import type { StateFolder } from '../ledger/state-folder.ts';
import { nodeStateFs, type StateFs } from '../ledger/state-fs.ts';
import type { Reason } from '../ledger/state-inspection.ts';
import { parseJson } from '../oci/parse-json.ts';
import { parseShape } from '../oci/parse-shape.ts';
import { timestamp } from '../oci/timestamp.ts';
import { readDangerzoneSettings } from './dangerzone-settings.ts';

/** What the user decided about updates of one image. Kept apart from the ledger: it outlives a damaged or reset one. */
export interface Preferences {
  /** Absent where nobody decided yet. */
  readonly updates?: Updates;
  /** Hours between two checks. */
  readonly intervalHours: number;
  /** Nothing is installed by decision since then. */
  readonly pinnedSince?: Date;
}

export interface PreferencesReading extends Preferences {
  /** Why the file could not be used; what is in force then are the defaults. */
  readonly unusable?: CodedError;
  /** What the user should know, a sentence each. */
  readonly notices: readonly string[];
}

export const PREFERENCES_FILE = 'preferences.json';
const NAMES = [PREFERENCES_FILE] as const;
const MAX_BYTES = 64 * 1024;
export const MAX_INTERVAL_HOURS = 8760;

const schema = v.strictObject({
  schema: v.literal(1),
  updates: v.exactOptional(v.picklist(['off', 'ask', 'on'])),
  intervalHours: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_INTERVAL_HOURS))),
  pinnedSince: v.exactOptional(timestamp),
});

/**
 * What is in force. Where the state is shared with Dangerzone and its settings say something, that counts: it is where
 * the user changed their mind last, since this tool writes there too.
 */
export async function readPreferences(folder: StateFolder, fs: StateFs = nodeStateFs): Promise<PreferencesReading> {
  const { unusable, ...own } = await readOwn(folder, fs);
  const dangerzone = await readDangerzoneSettings(folder, fs);
  const updates = dangerzone.updates ?? own.updates;
  return {
    ...own,
    ...(updates && { updates }),
    ...(unusable && { unusable }),
    notices: [...(unusable ? [unusable.message] : []), ...dangerzone.notices],
  };
}

type OwnReading = Preferences & Pick<PreferencesReading, 'unusable'>;

async function readOwn(folder: StateFolder, fs: StateFs): Promise<OwnReading> {
  const nothing = { intervalHours: DEFAULT_INTERVAL_HOURS };
  try {
    const bytes = await readStateFile(folder, NAMES, MAX_BYTES, fs);
    if (!bytes) return nothing;
    const place = { where: join(folder.path, ...NAMES), code: 'STATE_INVALID' } as const;
    const { schema: _, ...stored } = parseShape(schema, parseJson(bytes, place), place);
    return { ...nothing, ...stored };
  } catch (cause) {
    if (codeOf(cause) !== 'STATE_INVALID') throw cause;
    const message = `What was decided about updates cannot be read: ${(cause as Error).message}`;
    return { ...nothing, unusable: new CodedError('STATE_INVALID', message, { cause, suggestions: [SAY_AGAIN] }) };
  }
}

const SAY_AGAIN = 'Say it again, and the file is kept aside: dangerzone-image updates off|ask|on';

/** Why the file cannot be used; nothing where it can, or is not there. */
export async function inspectPreferences(folder: StateFolder, fs: StateFs): Promise<Reason | undefined> {
  const { unusable } = await readOwn(folder, fs);
  return unusable && reasonOf(unusable.cause);
}

/** Call it with the lock held. A file that cannot be read is moved aside, never written over. */
export async function changePreferences(
  folder: StateFolder,
  change: (before: Preferences) => Preferences,
  fs: StateFs = nodeStateFs,
): Promise<Preferences> {
  const { unusable, ...before } = await readOwn(folder, fs);
  if (unusable) await moveAside(folder, NAMES, fs);
  const { updates, intervalHours, pinnedSince } = change(before);
  const stored = { schema: 1, updates, intervalHours, pinnedSince };
  await atomicWrite(folder, NAMES, Buffer.from(`${JSON.stringify(stored, undefined, 2)}\n`), fs);
  return { intervalHours, ...(updates && { updates }), ...(pinnedSince && { pinnedSince }) };
}
