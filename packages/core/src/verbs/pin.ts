import { changePreferences, type Preferences } from '../preferences/preferences.ts';
import type { PinResult } from './results.ts';
import { withState } from './state-session.ts';
import type { VerbContext } from './verb-context.ts';

/** From now on nothing is installed by decision, whatever is offered or bundled. Pinned already: since then. */
export async function pin(context: VerbContext): Promise<PinResult> {
  const now = context.now?.() ?? new Date();
  const { pinnedSince = now } = await change(context, 'pin', (before) => ({ pinnedSince: now, ...before }));
  return { verb: 'pin', status: 'pinned', pinned: { since: pinnedSince } };
}

/** Undoes it; without a pin there is nothing to undo. */
export async function unpin(context: VerbContext): Promise<PinResult> {
  await change(context, 'unpin', ({ pinnedSince: _, ...before }) => before);
  return { verb: 'unpin', status: 'not-pinned' };
}

function change(
  context: VerbContext,
  verb: 'pin' | 'unpin',
  next: (before: Preferences) => Preferences,
): Promise<Preferences> {
  return withState(context, verb, async (session) => {
    const after = await changePreferences(context.state, next);
    await session.save((ledger) => ledger, { event: 'changed-settings', message: verb });
    return after;
  });
}
