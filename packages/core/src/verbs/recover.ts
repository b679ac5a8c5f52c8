import { entryOfInstall } from '../journal/entry-of-install.ts';
import { writeLastLogIndex } from '../ledger/last-log-index.ts';
import { clearPending, commitInstalled } from '../ledger/ledger-changes.ts';
import { installedRelease } from '../ledger/order.ts';
import { isSameRelease, releaseOf } from '../ledger/release.ts';
import { findInstalled } from './installed-image.ts';
import { removeLeftOvers } from './left-overs.ts';
import type { StateSession } from './state-session.ts';
import { clearDownloads } from './transfer.ts';
import type { InstallContext } from './verb-context.ts';

/**
 * Finishes or undoes what a killed run left. The engine decides: when the pending release is under the stable name and
 * verifies, it is installed and only the ledger is late; else the old image is still there and nothing happened.
 */
export async function recover(context: InstallContext, session: StateSession): Promise<void> {
  const { pending } = session.ledger;
  if (pending) {
    const now = context.now?.() ?? new Date();
    const installed = await findInstalled(context, [pending.release]);
    const isThere = installed?.image !== undefined && isSameRelease(releaseOf(installed.image), pending.release);
    const forced = pending.forced ?? false;
    const before = installedRelease(session.ledger)?.signed;
    if (isThere) {
      await clearDownloads(context);
      const entry = entryOfInstall(pending.release, {
        before,
        forced,
        message: 'finished for a run that was cut short',
      });
      await session.save((ledger) => commitInstalled(ledger, pending.release, { now, forced }), entry);
    } else {
      await session.save(clearPending, { event: 'undone', image: pending.release.signed });
    }
    await writeLastLogIndex(context.state, context.profile, session.ledger);
    const outcome = isThere ? 'its image is installed' : 'the image before it is still in place';
    context.report?.({ type: 'notice', message: `An earlier upgrade was cut short; ${outcome}.` });
  }
  await removeLeftOvers(context, { wasKilled: pending !== undefined });
}
