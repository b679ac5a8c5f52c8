import { appendJournal } from '../journal/append-journal.ts';
import { entryOfError } from '../journal/entry-of-error.ts';
import type { JournalEntry } from '../journal/journal-record.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { readLedger, writeLedger } from '../ledger/ledger-file.ts';
import { type Release, releaseOf } from '../ledger/release.ts';
import { withLock } from '../ledger/with-lock.ts';
import { findInstalled } from './installed-image.ts';
import type { LocalContext, VerbContext } from './verb-context.ts';

const DEFAULT_LOCK_TIMEOUT_MS = 60_000;

/** The ledger while one verb holds the lock: what is remembered, and the one way to remember something new. */
export interface StateSession {
  readonly ledger: Ledger;
  /** `entries` go into the journal first, and its new end into the same ledger. */
  save(change: (ledger: Ledger) => Ledger, ...entries: readonly JournalEntry[]): Promise<void>;
  /** For what changes nothing but the journal. */
  note(entry: JournalEntry): Promise<void>;
}

/** Runs a verb that changes state: one process at a time, on a ledger that was read, healed or rebuilt under the lock. */
export async function withState<T>(
  context: VerbContext & Partial<LocalContext>,
  verb: string,
  work: (session: StateSession) => Promise<T>,
): Promise<T> {
  const { state, profile, now = () => new Date(), signal, report, lockTimeoutMs = DEFAULT_LOCK_TIMEOUT_MS } = context;
  const onWait = (holder: string) => report?.({ type: 'waiting', holder });
  return withLock(state, { verb, now, timeoutMs: lockTimeoutMs, onWait, ...(signal && { signal }) }, async () => {
    const reading = await readLedger(state, profile, { now, installed: () => installedReleases(context) });
    for (const message of reading.notices) report?.({ type: 'notice', message });
    let ledger = reading.ledger;
    const session: StateSession = {
      get ledger() {
        return ledger;
      },
      async save(change, ...entries) {
        const next = change(ledger);
        const isRecorded = entries.length > 0;
        const journal = isRecorded && (await appendJournal(state, next.journal, entries, { verb, time: now() }));
        const changed = { ...next, ...(journal && { journal }) };
        await writeLedger(state, changed);
        ledger = changed;
      },
      async note(entry) {
        const journal = await appendJournal(state, ledger.journal, [entry], { verb, time: now() });
        ledger = { ...ledger, journal };
        await writeLedger(state, ledger);
      },
    };
    try {
      return await work(session);
    } catch (error) {
      await recordFailure(session, error);
      throw error;
    }
  });
}

/** Why a verb ended badly. That this could not be written is no reason to tell another error than the first. */
async function recordFailure(session: StateSession, error: unknown): Promise<void> {
  const entry = entryOfError(error);
  if (entry) await session.note(entry).catch(() => undefined);
}

/**
 * For a verb that needs neither ledger nor engine: one process at a time, and what it did is recorded. A ledger that is
 * lost or unreadable is left as it is, for a run that can ask an engine what to make it from.
 */
export async function withJournal<T>(
  context: VerbContext,
  verb: string,
  work: (note: StateSession['note']) => Promise<T>,
): Promise<T> {
  const { state, profile, now = () => new Date(), signal, report, lockTimeoutMs = DEFAULT_LOCK_TIMEOUT_MS } = context;
  const onWait = (holder: string) => report?.({ type: 'waiting', holder });
  return withLock(state, { verb, now, timeoutMs: lockTimeoutMs, onWait, ...(signal && { signal }) }, async () => {
    const { ledger, origin } = await readLedger(state, profile, { readOnly: true });
    return work(async (entry) => {
      const journal = await appendJournal(state, ledger.journal, [entry], { verb, time: now() });
      if (origin === 'stored') await writeLedger(state, { ...ledger, journal });
    });
  });
}

/** For a run that changes nothing: no lock, nothing healed, and what it would remember stays in memory. */
export async function withStateUnchanged<T>(
  context: VerbContext & Partial<LocalContext>,
  work: (session: StateSession) => Promise<T>,
): Promise<T> {
  const { state, profile, report } = context;
  const reading = await readLedger(state, profile, { readOnly: true, installed: () => installedReleases(context) });
  for (const message of reading.notices) report?.({ type: 'notice', message });
  let { ledger } = reading;
  return work({
    get ledger() {
      return ledger;
    },
    async save(change) {
      ledger = change(ledger);
    },
    async note() {},
  });
}

/** For a run without recovery: what a killed one was about to install may be there, too. */
export function knownReleases({ ledger }: StateSession): readonly Release[] {
  return [...ledger.releases, ...(ledger.pending ? [ledger.pending.release] : [])];
}

/** For a lost ledger: the one release that the engine has and that verifies now. Nothing else is evidence. */
export async function installedReleases(context: VerbContext & Partial<LocalContext>) {
  if (!context.runtime) return [];
  const installed = await findInstalled(context as LocalContext, []);
  return installed?.image ? [releaseOf(installed.image)] : [];
}
