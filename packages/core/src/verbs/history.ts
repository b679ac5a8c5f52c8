import { verifyJournal } from '../journal/verify-journal.ts';
import { readLedger } from '../ledger/ledger-file.ts';
import type { HistoryResult } from './results.ts';
import type { VerbContext } from './verb-context.ts';

/** What was decided on this machine, and whether the record of it fits together. Reads only; no engine, no network. */
export async function history({ state, profile }: VerbContext): Promise<HistoryResult> {
  // The ledger first: a run that writes meanwhile makes the journal longer than this ledger says, never shorter.
  const { ledger, notices } = await readLedger(state, profile, { readOnly: true });
  const { records, problems, isTorn } = await verifyJournal(state, ledger.journal);
  const isLoose = ledger.journal === undefined && records.length > 0;
  return {
    verb: 'history',
    status: problems.length === 0 ? 'consistent' : 'damaged',
    folder: state.path,
    image: profile.image,
    records,
    problems,
    notices: [...notices, ...(isTorn ? [TORN] : []), ...(isLoose ? [LOOSE] : [])],
  };
}

const TORN = 'The last record is incomplete: a run was killed while it wrote, or one writes now. That is no damage.';
const LOOSE = 'ledger.json does not know where the journal ends: whether records are missing there, nothing tells.';
