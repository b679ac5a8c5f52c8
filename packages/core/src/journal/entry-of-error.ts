import { codeOf } from '../errors/coded-error.ts';
import { exitCodeOf, exitCodes } from '../errors/error-code.ts';
import type { JournalEntry } from './journal-record.ts';

const REFUSALS: ReadonlySet<number> = new Set([
  exitCodes.SIGNATURE_INVALID,
  exitCodes.ROLLBACK_REFUSED,
  exitCodes.MANIFEST_INVALID,
]);
const UNRECORDED: ReadonlySet<number> = new Set([exitCodes.INTERNAL, exitCodes.USAGE, exitCodes.STATE_INVALID]);

/** What the journal keeps of an error: that input was refused, or that something did not work. Nothing of our own faults. */
export function entryOfError(error: unknown): JournalEntry | undefined {
  const code = codeOf(error);
  const family = exitCodeOf(code ?? 'INTERNAL');
  if (code === undefined || UNRECORDED.has(family) || code === 'CONSENT_DECLINED') return undefined;
  return { event: REFUSALS.has(family) ? 'refused' : 'failed', code, message: (error as Error).message };
}
