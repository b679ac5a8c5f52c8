import type { HistoryResult, JournalRecord } from '@dangerzone-image/core';
import { reasonWords } from './auto-lines.ts';
import { next, note, ok } from './image-lines.ts';

/** Oldest first, as a log is read; the verdict on all of it at the end. */
export function historyLines(
  { status, folder, records, problems, notices }: HistoryResult,
  { isVerdictOnly }: { readonly isVerdictOnly: boolean },
): string[] {
  return [
    ...(isVerdictOnly ? [] : records.map(recordLine)),
    ...notices.map(note),
    ...problems.map((problem) => `❌ Damaged: ${problem}`),
    ...(status === 'consistent' ? [ok(`the record fits together: ${countOf(records)}`), `   ${LIMIT}`] : []),
    ...(status === 'damaged' ? [next(`Keep a copy of ${folder} and find out who or what wrote there.`)] : []),
  ];
}

const LIMIT = 'This finds damage and edits of parts, and not a rewrite of all of it by somebody who can write as you.';

function countOf(records: readonly JournalRecord[]): string {
  const [first] = records;
  const rotated = first && first.number > 1 ? `; those before number ${first.number} were rotated away` : '';
  return `${records.length} record(s)${rotated}`;
}

const words = {
  checked: 'checked, offered was',
  decided: 'decided:',
  installed: 'installed',
  unchanged: 'already there:',
  undone: 'an upgrade was cut short, undone:',
  stored: 'signatures stored for',
  refused: 'refused',
  failed: 'failed',
  declined: 'declined by the user:',
  'changed-settings': 'settings changed:',
  'damage-found': 'damage found in this record:',
} as const;

function recordLine({ number, time, verb, event, image, before, code, message, row, forced }: JournalRecord): string {
  const facts = [
    words[event],
    ...(code ? [code] : []),
    ...(image ? [image] : []),
    ...(before ? [`in place of ${before}`] : []),
    ...(forced ? ['(--force)'] : []),
    ...(message ? [event === 'decided' ? reasonWords(message) : message] : []),
    ...(row === undefined ? [] : [`(row ${row} of the decision table)`]),
  ];
  return `${number}  ${time.toISOString()}  ${verb}: ${facts.join(' ')}`;
}
