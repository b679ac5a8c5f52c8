import { codeOf } from '../errors/coded-error.ts';
import { exitCodeOf, exitCodes } from '../errors/error-code.ts';
import { entryOfError } from '../journal/entry-of-error.ts';
import type { StateSession } from './state-session.ts';
import type { VerbContext } from './verb-context.ts';

/** Of the input, the network or the engine; not of the state, of this program, or because somebody said stop. */
export function isTolerable({ signal }: VerbContext, error: unknown): boolean {
  const family = exitCodeOf(codeOf(error) ?? 'INTERNAL');
  const others: number[] = [exitCodes.INTERNAL, exitCodes.USAGE, exitCodes.STATE_INVALID];
  return !signal?.aborted && !others.includes(family) && family < exitCodes.INTERRUPTED;
}

/** What a run goes on after is in the journal all the same. */
export async function recordTolerated(session: StateSession, error: unknown): Promise<void> {
  const entry = entryOfError(error);
  if (entry) await session.save((ledger) => ledger, entry);
}
