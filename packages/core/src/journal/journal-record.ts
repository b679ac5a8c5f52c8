import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { digestSchema } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { parseJson } from '../oci/parse-json.ts';
import { parseShape } from '../oci/parse-shape.ts';
import { timestamp } from '../oci/timestamp.ts';

/** What happened. `damage-found`: the journal did not end as the ledger had it when this record was written. */
export const journalEvents = [
  'checked',
  'decided',
  'installed',
  'unchanged',
  'undone',
  'stored',
  'refused',
  'failed',
  'declined',
  'changed-settings',
  'damage-found',
] as const;

export type JournalEvent = (typeof journalEvents)[number];

/** What a verb tells of one decision; what does not apply is absent. */
export interface JournalEntry {
  readonly event: JournalEvent;
  /** The signed digest that it is about. */
  readonly image?: Digest;
  /** What was installed before. */
  readonly before?: Digest;
  /** Its lowest verified index in each log, by log ID. */
  readonly indexes?: Readonly<Record<string, number>>;
  /** Code of a refusal or failure. */
  readonly code?: string;
  /** Why, in words; cut to 300 characters. */
  readonly message?: string;
  /** Row of the decision table. */
  readonly row?: number;
  /** Installed against the order, on purpose. */
  readonly forced?: boolean;
}

/** One line of the journal: an entry, its place in the chain, and who wrote it when. */
export interface JournalRecord extends JournalEntry {
  /** 1 for the first that was ever written. */
  readonly number: number;
  /** SHA-256 of the line before, hex; zeros before the first. */
  readonly previous: string;
  readonly time: Date;
  readonly verb: string;
}

export const NO_RECORD = '0'.repeat(64);
/** Bytes of a line at the most: room for every member at its limit, and for eight logs. */
export const MAX_LINE_BYTES = 4096;
const MAX_MESSAGE = 300;
// An edited number must leave room to count on from: the ledger takes none that is not safe.
const MAX_NUMBER = 999_999_999_999_999;
const MAX_LOGS = 8;

const hex = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const recordSchema = v.object({
  number: v.pipe(count, v.minValue(1), v.maxValue(MAX_NUMBER)),
  previous: hex,
  time: timestamp,
  verb: v.string(),
  event: v.picklist(journalEvents),
  image: v.exactOptional(digestSchema),
  before: v.exactOptional(digestSchema),
  indexes: v.exactOptional(v.record(hex, count)),
  code: v.exactOptional(v.string()),
  message: v.exactOptional(v.string()),
  row: v.exactOptional(count),
  forced: v.exactOptional(v.boolean()),
});

/** A line without its end, as it stands in the file. Whatever an entry holds, the line stays short. */
export function formatRecord({ message, indexes, ...record }: JournalRecord): string {
  const { number, previous, time, verb, ...facts } = record;
  return JSON.stringify({
    number,
    previous,
    time,
    verb,
    ...facts,
    ...(indexes && { indexes: Object.fromEntries(Object.entries(indexes).slice(0, MAX_LOGS)) }),
    ...(message !== undefined && { message: message.slice(0, MAX_MESSAGE).toWellFormed() }),
  });
}

/** Throws STATE_INVALID where the bytes are no record. */
export function parseRecord(line: Uint8Array, where: string): JournalRecord {
  const place = { where, code: 'STATE_INVALID' } as const;
  return parseShape(recordSchema, parseJson(line, place), place) as JournalRecord;
}

export function hashOf(line: Uint8Array | string): string {
  return createHash('sha256').update(line).digest('hex');
}
