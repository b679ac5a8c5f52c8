import { codeOf } from '../errors/coded-error.ts';
import type { JournalEnd } from '../ledger/ledger.ts';
import type { StateFolder } from '../ledger/state-folder.ts';
import { nodeStateFs, type StateFs } from '../ledger/state-fs.ts';
import { hashOf, type JournalRecord, NO_RECORD, parseRecord } from './journal-record.ts';
import { listSegments, readSegment, type Segment, type SegmentLines } from './journal-segments.ts';

export interface JournalReport {
  /** What can be read, oldest first. */
  readonly records: readonly JournalRecord[];
  /** What does not fit together, a sentence each. */
  readonly problems: readonly string[];
  /** The last line was cut off: a run was killed while it wrote. Not damage; the next record replaces it. */
  readonly isTorn: boolean;
}

/**
 * Reads the whole journal and holds it against itself and against its end in the ledger. Finds damage, cuts and edits of
 * parts; not a rewrite of all of it and of the ledger by somebody who can write as this user.
 */
export async function verifyJournal(
  folder: StateFolder,
  known: JournalEnd | undefined,
  { fs = nodeStateFs }: { readonly fs?: StateFs } = {},
): Promise<JournalReport> {
  const segments = await listSegments(folder, fs);
  const chain = new Chain(known);
  for (const segment of segments) {
    try {
      chain.addSegment(segment, await readSegment(folder, segment, fs), segment === segments.at(-1));
    } catch (error) {
      if (codeOf(error) !== 'STATE_INVALID') throw error;
      chain.skip(segment, (error as Error).message);
    }
  }
  return chain.end();
}

function span(from: number, to: number): string {
  return from === to ? `record ${from} is` : `records ${from} to ${to} are`;
}

/** What was read so far, and what the next line must look like. */
class Chain {
  readonly #known: JournalEnd | undefined;
  readonly #records: JournalRecord[] = [];
  readonly #problems: string[] = [];
  /** Absent before the first line, and after one that could not be read. */
  #head: string | undefined;
  #number: number | undefined;
  #isTorn = false;
  #isEndSeen = false;

  constructor(known: JournalEnd | undefined) {
    this.#known = known;
  }

  addSegment({ name, first }: Segment, { lines, torn }: SegmentLines, isLast: boolean): void {
    if (this.#number === undefined && this.#records.length === 0 && this.#problems.length === 0) this.#begin(first);
    for (const [at, line] of lines.entries()) this.#add(line, `line ${at + 1} of journal/${name}`);
    if (torn > 0 && isLast) this.#isTorn = true;
    else if (torn > 0) this.#problems.push(`journal/${name} ends in the middle of a line, and records follow it`);
  }

  skip({ name }: Segment, why: string): void {
    this.#problems.push(`journal/${name} cannot be read: ${why}`);
    this.#head = undefined;
    this.#number = undefined;
  }

  end(): JournalReport {
    const { count = 0, head } = this.#known ?? {};
    const last = this.#records.at(-1)?.number ?? 0;
    if (last < count) this.#problems.push(`${span(last + 1, count)} missing at the end`);
    else if (head !== undefined && !this.#isEndSeen)
      this.#problems.push(`record ${count} is not the one that ledger.json knows: it was changed`);
    return { records: this.#records, problems: this.#problems, isTorn: this.#isTorn };
  }

  #begin(first: number): void {
    const expected = this.#known?.first ?? 1;
    if (first > expected) this.#problems.push(`${span(expected, first - 1)} missing at the beginning`);
    this.#number = first - 1;
    if (first === 1) this.#head = NO_RECORD;
  }

  #add(line: Uint8Array, where: string): void {
    const hash = hashOf(line);
    let record: JournalRecord;
    try {
      record = parseRecord(line, where);
    } catch (error) {
      if (codeOf(error) !== 'STATE_INVALID') throw error;
      this.#problems.push((error as Error).message);
      this.#head = hash;
      if (this.#number !== undefined) this.#number += 1;
      return;
    }
    this.#compare(record, where);
    this.#head = hash;
    this.#number = record.number;
    this.#records.push(record);
    if (record.number === this.#known?.count && hash === this.#known.head) this.#isEndSeen = true;
  }

  #compare({ number, previous, event, time, message }: JournalRecord, where: string): void {
    if (this.#number !== undefined && number !== this.#number + 1)
      this.#problems.push(`${where} is record ${number}: expected ${this.#number + 1}`);
    if (this.#head !== undefined && previous !== this.#head)
      this.#problems.push(`${where}: the record before it is not the one that it was written after`);
    if (event === 'damage-found') this.#problems.push(`damage was found at ${time.toISOString()}: ${message ?? ''}`);
  }
}
