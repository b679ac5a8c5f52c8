import { listStateFolder } from '../ledger/list-state-folder.ts';
import { readStateFile } from '../ledger/read-state-file.ts';
import type { StateFolder } from '../ledger/state-folder.ts';
import type { StateFs } from '../ledger/state-fs.ts';
import { MAX_LINE_BYTES } from './journal-record.ts';

export const JOURNAL_FOLDER = 'journal';
/** A segment is begun anew where a record would make it longer than this. */
export const MAX_SEGMENT_BYTES = 128 * 1024;
/** With the one that is written; older ones go. The journal as a whole stays below 1.2 MB. */
export const MAX_SEGMENTS = 8;

const MAX_NAMES = 1000;
const NAME = /^([0-9]{10,15})\.jsonl$/;

/** A file of the journal. Its name is the number of its first record. */
export interface Segment {
  readonly name: string;
  readonly first: number;
}

/** A segment's content, line by line; the ends of lines are not part of them. */
export interface SegmentLines {
  readonly lines: readonly Uint8Array[];
  /** Bytes of all whole lines. */
  readonly length: number;
  /** Bytes after the last end of a line: a write that was cut off. */
  readonly torn: number;
}

export function segmentAt(first: number): Segment {
  return { name: `${String(first).padStart(10, '0')}.jsonl`, first };
}

/** Oldest first; none where there is no journal. */
export async function listSegments(folder: StateFolder, fs: StateFs): Promise<readonly Segment[]> {
  const names = await listStateFolder(folder, [JOURNAL_FOLDER], MAX_NAMES, fs);
  return names
    .flatMap((name) => (NAME.test(name) ? [{ name, first: Number.parseInt(name, 10) }] : []))
    .sort((left, right) => left.first - right.first);
}

/** Throws STATE_INVALID for what is no plain file of this user's, or too long to be a segment of ours. */
export async function readSegment(folder: StateFolder, { name }: Segment, fs: StateFs): Promise<SegmentLines> {
  const bytes = await readStateFile(folder, [JOURNAL_FOLDER, name], MAX_SEGMENT_BYTES + MAX_LINE_BYTES, fs);
  return splitLines(bytes ?? new Uint8Array());
}

const LINE_FEED = 0x0a;

function splitLines(bytes: Uint8Array): SegmentLines {
  const lines: Uint8Array[] = [];
  let start = 0;
  for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return { lines, length: start, torn: bytes.length - start };
}
