import type { Updates } from '../decision/decide.ts';
import { CodedError } from '../errors/coded-error.ts';
import { readLedger } from '../ledger/ledger-file.ts';
import { changeDangerzoneSettings, settingsOf } from '../preferences/dangerzone-settings.ts';
import { changePreferences, MAX_INTERVAL_HOURS, readPreferences } from '../preferences/preferences.ts';
import type { UpdatesResult } from './results.ts';
import { withJournal } from './state-session.ts';
import type { VerbContext } from './verb-context.ts';

export interface UpdatesOptions {
  /** What the user wants from now on; absent: as it is. */
  readonly updates?: Updates;
  /** Whole hours between two checks, 1 to 8760; absent: as it is. */
  readonly intervalHours?: number;
}

/** What is decided about updates, as it is. */
export async function showUpdates({ state, profile }: VerbContext): Promise<UpdatesResult> {
  const { updates, intervalHours, pinnedSince, notices } = await readPreferences(state);
  const { ledger } = await readLedger(state, profile, { readOnly: true });
  return {
    verb: 'updates',
    status: updates ?? 'not-decided',
    intervalHours,
    ...(pinnedSince && { pinned: { since: pinnedSince } }),
    ...(ledger.lastCheck && { lastCheck: ledger.lastCheck }),
    notices,
  };
}

/** Remembers what the user decided, here and, where the state is shared with it, in Dangerzone's settings. */
export async function setUpdates(context: VerbContext, options: UpdatesOptions): Promise<UpdatesResult> {
  const { updates, intervalHours } = options;
  requireInterval(intervalHours);
  const { state } = context;
  let told: readonly string[] = [];
  await withJournal(context, 'updates', async (note) => {
    const change = { ...(updates && { updates }), ...(intervalHours !== undefined && { intervalHours }) };
    const after = await changePreferences(state, (before) => ({ ...before, ...change }));
    if (updates) told = await writeThrough(context, updates);
    const message = `updates ${after.updates ?? 'not decided'}, a check every ${after.intervalHours} hours`;
    await note({ event: 'changed-settings', message });
  });
  const shown = await showUpdates(context);
  return { ...shown, notices: [...new Set([...told, ...shown.notices])] };
}

/** Where Dangerzone's word counts and cannot be changed, nobody may believe that theirs does. */
async function writeThrough({ state }: VerbContext, updates: Updates): Promise<readonly string[]> {
  const notices = await changeDangerzoneSettings(state, settingsOf(updates), { mayCreate: true });
  const inForce = (await readPreferences(state)).updates;
  if (inForce === updates) return notices;
  throw new CodedError('STATE_INVALID', `updates are ${inForce} in Dangerzone's settings, which could not be changed`, {
    suggestions: [`Set it in Dangerzone, or give yourself the right to write ${state.dangerzoneSettings}.`],
  });
}

function requireInterval(hours: number | undefined): void {
  if (hours === undefined || (Number.isInteger(hours) && hours >= 1 && hours <= MAX_INTERVAL_HOURS)) return;
  throw new CodedError('USAGE', `expected whole hours between two checks, 1 to ${MAX_INTERVAL_HOURS}, got ${hours}`);
}
