import { codeOf } from '../errors/coded-error.ts';
import type { JournalEnd } from '../ledger/ledger.ts';
import { systemCode } from '../ledger/state-fault.ts';
import type { StateFolder } from '../ledger/state-folder.ts';
import type { StateFs } from '../ledger/state-fs.ts';
import { hashOf, type JournalEntry, NO_RECORD, parseRecord } from './journal-record.ts';
import { readSegment, type Segment } from './journal-segments.ts';

export interface Tail {
  /** Where the next line may go; absent where a new segment must be begun. */
  readonly segment?: Segment;
  /** Bytes of the segment's whole lines. */
  readonly length: number;
  readonly count: number;
  readonly head: string;
  readonly isReadable: boolean;
}

const EMPTY: Tail = { length: 0, count: 0, head: NO_RECORD, isReadable: true };

/** The last whole line there is. A segment without one was begun by a run that was killed then. */
export async function readTail(folder: StateFolder, segments: readonly Segment[], fs: StateFs): Promise<Tail> {
  let open: Segment | undefined;
  for (const segment of segments.toReversed()) {
    try {
      const { lines, length } = await readSegment(folder, segment, fs);
      const line = lines.at(-1);
      if (line) {
        const { number } = parseRecord(line, segment.name);
        return {
          segment: open ?? segment,
          length: open ? 0 : length,
          count: number,
          head: hashOf(line),
          isReadable: true,
        };
      }
      open ??= segment;
    } catch (error) {
      requireDamage(error);
      return { ...EMPTY, isReadable: false };
    }
  }
  return open ? { ...EMPTY, segment: open } : EMPTY;
}

/** A call that failed says nothing about the file, and is thrown on; that a link stands in its place does. */
function requireDamage(error: unknown): void {
  const code = systemCode((error as Error).cause);
  if (codeOf(error) !== 'STATE_INVALID' || (code !== undefined && code !== 'ELOOP')) throw error;
}

/** Evidence that stays: once a record follows, the ledger no longer knows where the journal should have ended. */
export async function findDamage(
  folder: StateFolder,
  segments: readonly Segment[],
  { tail, known }: { readonly tail: Tail; readonly known: JournalEnd | undefined },
  fs: StateFs,
): Promise<readonly JournalEntry[]> {
  const { count, head, isReadable } = tail;
  const isAhead = known !== undefined && count > known.count;
  const isWhole =
    known === undefined ||
    (count === known.count && head === known.head) ||
    (isAhead && (await isThere(folder, segments, known.head, fs)));
  if (isReadable && isWhole) return [];
  const expected = known ? `expected ${known.count} records ending in ${known.head}` : 'expected records';
  const found = isReadable ? `${count} ending in ${head}` : 'a last line that cannot be read';
  return [{ event: 'damage-found', message: `${expected}, found ${found}` }];
}

/** What a kill left ahead of the ledger stands behind the record that the ledger knows; without that it is an edit. */
async function isThere(folder: StateFolder, segments: readonly Segment[], head: string, fs: StateFs): Promise<boolean> {
  for (const segment of segments.toReversed()) {
    try {
      const { lines } = await readSegment(folder, segment, fs);
      if (lines.some((line) => hashOf(line) === head)) return true;
    } catch (error) {
      requireDamage(error);
    }
  }
  return false;
}
