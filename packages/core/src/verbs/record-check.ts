import { isInstallable } from '../ledger/is-installable.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { recordCheck, recordFailedCheck, recordRemote } from '../ledger/ledger-changes.ts';
import { type Release, releaseOf } from '../ledger/release.ts';
import { changeDangerzoneSettings, readDangerzoneSettings } from '../preferences/dangerzone-settings.ts';
import { isOffered, type Offer } from './fetch-candidate.ts';
import { type InstalledImage, releaseOfInstalled } from './installed-image.ts';
import type { LookUp } from './look-up.ts';
import { provenanceOfOffer } from './remote-provenance.ts';
import type { StateSession } from './state-session.ts';
import { storeEvidence } from './stored-evidence.ts';
import type { InstallContext, VerbContext } from './verb-context.ts';

/** That the tag was read, and what it points to; where that is what is installed, that release is what is offered. */
export async function recordAnswer(
  context: VerbContext,
  session: StateSession,
  { installed, digest }: LookUp,
): Promise<void> {
  const time = context.now?.() ?? new Date();
  const release = installed && isOffered(digest, installed) ? releaseOfInstalled(installed) : undefined;
  const change = (ledger: Ledger) => {
    const checked = recordCheck(ledger, { time, digest });
    return release ? recordRemote(checked, { release, seenAt: time }) : checked;
  };
  await session.save(change, { event: 'checked', image: digest });
  await tellDangerzone(context, () => ({
    updater_last_check: seconds(time),
    updater_errors: 0,
    ...(release && logIndexOf(context, release)),
  }));
}

/** That it could not be read, or that what it points to was refused. */
export async function recordNoAnswer(context: VerbContext, session: StateSession): Promise<void> {
  const time = context.now?.() ?? new Date();
  await session.save((ledger) => recordFailedCheck(ledger, time));
  await tellDangerzone(context, (errors) => ({ updater_last_check: seconds(time), updater_errors: errors + 1 }));
}

/**
 * What the registry was seen to offer, verified. The evidence of one that might be installed is kept, so that the user can
 * be asked about it, and it can be installed, by what was verified and with no other request than for its layers.
 */
export async function rememberRemote(
  context: InstallContext,
  session: StateSession,
  offer: Offer,
  installed: InstalledImage | undefined,
): Promise<void> {
  const { state, profile, now = () => new Date() } = context;
  const { image } = offer;
  const release = releaseOf(image);
  if (isInstallable(session.ledger, release, profile.floor)) await storeEvidence(state, profile, image);
  const provenance = await provenanceOfOffer(context, session.ledger, offer, installed);
  await session.save((ledger) => recordRemote(ledger, { release, seenAt: now(), ...(provenance && { provenance }) }));
  await tellDangerzone(context, () => logIndexOf(context, release));
}

/** As Dangerzone counts: by the log that it knows. */
function logIndexOf({ profile: { dangerzoneLogId = '' } }: VerbContext, { ranks }: Release) {
  const index = ranks[dangerzoneLogId];
  return index === undefined ? {} : { updater_remote_log_index: index };
}

/** Only where the user has Dangerzone look for updates, too: else the numbers would mean nothing to it. */
async function tellDangerzone(
  { state, report }: VerbContext,
  changes: (errors: number) => Parameters<typeof changeDangerzoneSettings>[1],
): Promise<void> {
  if (state.dangerzoneSettings === undefined) return;
  const { content } = await readDangerzoneSettings(state);
  if (content?.values.updater_check_all !== true) return;
  const { updater_errors: errors = 0 } = content.values;
  const notices = await changeDangerzoneSettings(state, changes(errors), { mayCreate: false });
  for (const message of notices) report?.({ type: 'notice', message });
}

function seconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}
