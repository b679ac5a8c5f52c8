import { entryOfError } from '../journal/entry-of-error.ts';
import { withState } from './state-session.ts';
import type { VerbContext } from './verb-context.ts';

/**
 * For input that is refused before the state was needed: what is refused goes into the journal, if nobody else works on
 * the state. The refusal is told in any case.
 */
export async function recordingRefusal<T>(context: VerbContext, verb: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const entry = entryOfError(error);
    const { profile, state, now } = context;
    const quiet = { profile, state, ...(now && { now }), lockTimeoutMs: 0 };
    if (entry?.event === 'refused')
      await withState(quiet, verb, (session) => session.save((ledger) => ledger, entry)).catch(() => undefined);
    throw error;
  }
}
