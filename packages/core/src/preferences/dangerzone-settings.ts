import { basename, dirname } from 'node:path';
import type { Updates } from '../decision/decide.ts';
import { CodedError, codeOf } from '../errors/coded-error.ts';
import { printable, printablePath } from '../errors/printable.ts';
import { atomicWrite } from '../ledger/atomic-write.ts';
import { readStateFile } from '../ledger/read-state-file.ts';
import type { StateFolder } from '../ledger/state-folder.ts';
import { nodeStateFs, type StateFs } from '../ledger/state-fs.ts';
import { parseJson } from '../oci/parse-json.ts';

/** The keys of Dangerzone's `settings.json` that are about the same as ours (freedomofpress/dangerzone, settings.py). */
export interface DangerzoneUpdaterSettings {
  /** null or absent: not asked yet. */
  readonly updater_check_all?: boolean;
  /** Absent counts as true. */
  readonly updater_ask_before_download?: boolean;
  /** Seconds since 1970. */
  readonly updater_last_check?: number;
  /** Log index of the release that the registry offers. */
  readonly updater_remote_log_index?: number;
  /** Checks that failed in a row. */
  readonly updater_errors?: number;
}

export interface DangerzoneSettings {
  /** Absent where the file, or an answer in it, is. */
  readonly updates?: Updates;
  /** Its text as it is now, and what is in it; absent where it is missing or cannot be used. */
  readonly content?: { readonly text: string; readonly values: DangerzoneUpdaterSettings };
  readonly isMissing: boolean;
  readonly notices: readonly string[];
}

const MAX_BYTES = 1024 * 1024;

/** What Dangerzone has about updates. Nothing where the state is not shared with it; a file of its that cannot be read is told. */
export async function readDangerzoneSettings(
  { dangerzoneSettings: path }: StateFolder,
  fs: StateFs = nodeStateFs,
): Promise<DangerzoneSettings> {
  if (path === undefined) return { isMissing: true, notices: [] };
  try {
    const bytes = await readStateFile({ path: dirname(path) }, [basename(path)], MAX_BYTES, fs);
    if (!bytes) return { isMissing: true, notices: [] };
    const values = valuesIn(parseJson(bytes, { where: path, code: 'STATE_INVALID' }), path);
    const updates = updatesOf(values);
    const content = { text: Buffer.from(bytes).toString(), values };
    return { ...(updates && { updates }), content, isMissing: false, notices: [] };
  } catch (error) {
    if (codeOf(error) !== 'STATE_INVALID') throw error;
    const { message, suggestions } = error as CodedError;
    const notice = `Dangerzone's settings are not used or changed, what you say here counts here alone: ${message}.`;
    return { isMissing: false, notices: [[notice, ...suggestions].join(' ')] };
  }
}

/** Its values are anybody's: what is of another kind says nothing. */
function valuesIn(value: unknown, path: string): DangerzoneUpdaterSettings {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new CodedError('STATE_INVALID', `${printablePath(path)}: expected an object, got ${printable(value)}`);
  const settings = value as Readonly<Record<string, unknown>>;
  const isBoolean = (item: unknown) => typeof item === 'boolean';
  const kinds = {
    updater_check_all: isBoolean,
    updater_ask_before_download: isBoolean,
    // One more than it is written back: NaN, as every odd number is read, would become null.
    updater_errors: Number.isSafeInteger,
  };
  return Object.fromEntries(
    Object.entries(kinds).flatMap(([key, isOfKind]) => (isOfKind(settings[key]) ? [[key, settings[key]]] : [])),
  );
}

function updatesOf({ updater_check_all, updater_ask_before_download = true }: DangerzoneUpdaterSettings) {
  if (updater_check_all === undefined) return undefined;
  if (!updater_check_all) return 'off';
  return updater_ask_before_download ? 'ask' : 'on';
}

/** How Dangerzone spells a decision; whether it asks stays as it was where it does not check. */
export function settingsOf(updates: Updates): DangerzoneUpdaterSettings {
  return updates === 'off'
    ? { updater_check_all: false }
    : { updater_check_all: true, updater_ask_before_download: updates === 'ask' };
}

/**
 * Changes some keys and no other: every other value keeps its spelling. Read right before; Dangerzone knows no lock, so
 * what it writes at the same moment may win. Where the file cannot be read, nothing is written.
 */
export async function changeDangerzoneSettings(
  folder: StateFolder,
  changes: DangerzoneUpdaterSettings,
  { mayCreate, fs = nodeStateFs }: { readonly mayCreate: boolean; readonly fs?: StateFs },
): Promise<readonly string[]> {
  const { dangerzoneSettings: path } = folder;
  const { content, isMissing, notices } = await readDangerzoneSettings(folder, fs);
  if (path === undefined || (!content && !(isMissing && mayCreate))) return notices;
  const text = withChanges(content?.text ?? '{}', changes);
  if (text === content?.text) return [];
  try {
    await atomicWrite({ path: dirname(path) }, [basename(path)], Buffer.from(text), fs);
    return [];
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return [`Dangerzone's settings ${printablePath(path)} could not be written: ${(error as Error).message}`];
  }
}

/** As Python writes it: four blanks, and nothing beyond ASCII, since Dangerzone reads it in the system's own encoding. */
function withChanges(text: string, changes: DangerzoneUpdaterSettings): string {
  const settings = JSON.parse(text, keepSpelling) as Record<string, unknown>;
  return JSON.stringify({ ...settings, ...changes }, undefined, 4).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A number may be longer than ours are, or 1.0: it goes back as it stood there. */
function keepSpelling(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' && context?.source !== undefined ? rawJson(context.source) : value;
}

/** ECMAScript's "JSON.parse source text access", which TypeScript's library does not know yet. */
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;
