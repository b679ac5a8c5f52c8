import { constants } from 'node:fs';
import { join } from 'node:path';
import { removeStateFile } from '../ledger/atomic-write.ts';
import type { JournalEnd } from '../ledger/ledger.ts';
import { ensureFolder } from '../ledger/require-private.ts';
import { stateFault } from '../ledger/state-fault.ts';
import type { StateFolder } from '../ledger/state-folder.ts';
import { nodeStateFs, type StateFs } from '../ledger/state-fs.ts';
import { formatRecord, hashOf, type JournalEntry } from './journal-record.ts';
import {
  JOURNAL_FOLDER,
  listSegments,
  MAX_SEGMENT_BYTES,
  MAX_SEGMENTS,
  type Segment,
  segmentAt,
} from './journal-segments.ts';
import { findDamage, readTail } from './journal-tail.ts';

export interface AppendOptions {
  readonly verb: string;
  readonly time: Date;
  readonly fs?: StateFs;
}

/**
 * Writes entries at the end, with the lock held. What comes back belongs into the ledger with whatever the entries are
 * about: killed in between, the journal is ahead of the ledger, which is no damage. A line that a kill tore is cut off.
 */
export async function appendJournal(
  folder: StateFolder,
  known: JournalEnd | undefined,
  entries: readonly JournalEntry[],
  { verb, time, fs = nodeStateFs }: AppendOptions,
): Promise<JournalEnd> {
  const segments = await dropRotated(folder, await listSegments(folder, fs), known, fs);
  const tail = await readTail(folder, segments, fs);
  const damage = await findDamage(folder, segments, { tail, known }, fs);
  // After damage a new segment is begun, behind all others: nobody can tell how many records those had.
  const begun = damage.length > 0 ? (segments.at(-1)?.first ?? 0) : 0;
  let number = Math.max(tail.count, known?.count ?? 0, begun);
  let previous = tail.head;
  const lines = [...damage, ...entries].map((entry) => {
    number += 1;
    const line = formatRecord({ ...entry, number, previous, time, verb });
    previous = hashOf(line);
    return `${line}\n`;
  });
  const bytes = Buffer.from(lines.join(''));
  const isRoom = tail.segment !== undefined && damage.length === 0 && tail.length + bytes.length <= MAX_SEGMENT_BYTES;
  const segment = isRoom && tail.segment ? tail.segment : segmentAt(number - lines.length + 1);
  await write(folder, segment, { bytes, after: isRoom ? tail.length : 0, isNew: !isRoom }, fs);
  return { count: number, head: previous, first: firstKept(segments, segment) };
}

/** What the ledger does not count any more; it is the ledger that goes first, so that a kill makes no gap. */
async function dropRotated(
  folder: StateFolder,
  segments: readonly Segment[],
  known: JournalEnd | undefined,
  fs: StateFs,
): Promise<readonly Segment[]> {
  const rotated = segments.filter(
    (_, at) => (segments[at + 1]?.first ?? Number.POSITIVE_INFINITY) <= (known?.first ?? 0),
  );
  for (const { name } of rotated) await removeStateFile(folder, [JOURNAL_FOLDER, name], fs);
  return segments.filter((segment) => !rotated.includes(segment));
}

function firstKept(segments: readonly Segment[], current: Segment): number {
  const all = segments.some(({ first }) => first === current.first) ? segments : [...segments, current];
  return all.slice(-MAX_SEGMENTS)[0]?.first ?? current.first;
}

interface Writing {
  readonly bytes: Uint8Array;
  /** Whole lines that are there; what comes after them was torn. */
  readonly after: number;
  readonly isNew: boolean;
}

async function write(
  folder: StateFolder,
  { name }: Segment,
  { bytes, after, isNew }: Writing,
  fs: StateFs,
): Promise<void> {
  const parent = join(folder.path, JOURNAL_FOLDER);
  await ensureFolder(parent, fs);
  const path = join(parent, name);
  try {
    const flags = constants.O_WRONLY | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0);
    const file = await fs.open(path, isNew ? flags | constants.O_CREAT | constants.O_EXCL : flags, 0o600);
    try {
      await file.truncate(after);
      await file.write(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    if (isNew) await fs.syncFolder(parent);
  } catch (error) {
    throw stateFault(error, 'write', path);
  }
}
