import * as v from 'valibot';
import { codeOf } from '../errors/coded-error.ts';
import { escapeControls } from '../errors/printable.ts';
import { parseJson } from '../oci/parse-json.ts';
import { parseShape } from '../oci/parse-shape.ts';
import { atomicWrite, removeStateFile } from './atomic-write.ts';
import { readStateFile } from './read-state-file.ts';
import type { StateFolder } from './state-folder.ts';
import type { StateFs } from './state-fs.ts';

/** Who has the lock, for people who wait. Nothing is decided on it: the lock itself is the operating system's. */
export interface LockHolder {
  readonly pid: number;
  readonly verb: string;
  readonly since: Date;
}

const NAMES = ['ledger.lock.json'] as const;
const MAX_BYTES = 4096;
const holderSchema = v.strictObject({
  pid: v.pipe(v.number(), v.minValue(1)),
  verb: v.pipe(v.string(), v.regex(/^[a-z][a-z -]{0,39}$/)),
  since: v.pipe(v.string(), v.maxLength(40)),
});

export async function writeHolder(folder: StateFolder, holder: LockHolder, fs: StateFs): Promise<void> {
  await atomicWrite(folder, NAMES, Buffer.from(JSON.stringify(holder)), fs);
}

export async function removeHolder(folder: StateFolder, fs: StateFs): Promise<void> {
  await removeStateFile(folder, NAMES, fs);
}

/** The holder in words. Its file may be missing, left by a killed run, or made up: then it is "another process". */
export async function describeHolder(folder: StateFolder, fs: StateFs): Promise<string> {
  const place = { where: 'ledger.lock.json', code: 'STATE_INVALID' } as const;
  try {
    const bytes = await readStateFile(folder, NAMES, MAX_BYTES, fs);
    if (!bytes) return 'another process';
    const { verb, pid, since } = parseShape(holderSchema, parseJson(bytes, place), place);
    return `${verb} (process ${pid}, since ${escapeControls(since)})`;
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return 'another process';
  }
}
