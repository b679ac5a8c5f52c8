import { isBackingOff, isCheckDue } from '../decision/check-due.ts';
import type { Order, Situation } from '../decision/decide.ts';
import { entryOfInstall } from '../journal/entry-of-install.ts';
import { isInstallable } from '../ledger/is-installable.ts';
import { isNewer } from '../ledger/is-newer.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { commitInstalled } from '../ledger/ledger-changes.ts';
import { type Release, releaseOf } from '../ledger/release.ts';
import type { PreferencesReading } from '../preferences/preferences.ts';
import type { Profile } from '../profile/profile.ts';
import { claimsChain } from '../runtime/match-image.ts';
import type { VerifiedImage } from '../verify/verified-image.ts';
import type { AutoContext, BundledArchive } from './bundled-archive.ts';
import { findInstalled, findLocal, type InstalledImage, releaseOfInstalled } from './installed-image.ts';
import { lacksProvenance } from './remote-provenance.ts';
import type { StateSession } from './state-session.ts';
import { storeEvidence } from './stored-evidence.ts';
import { findStoredImage } from './stored-image.ts';

/** What a decision is made from, and the evidence behind it. */
export interface Observation {
  readonly preferences: PreferencesReading;
  readonly installed: InstalledImage | undefined;
  readonly isUnidentified: boolean;
  readonly bundled: BundledArchive | undefined;
  readonly remote: Remote | undefined;
  readonly isDue: boolean;
  readonly hasFailed: boolean;
  /** In this run, where the user goes on although it failed. */
  readonly failure?: unknown;
}

/** What a registry offered. Where nothing will be installed, its evidence is not looked for. */
export interface Remote {
  readonly release: Release;
  readonly image?: VerifiedImage;
}

/** Looks at engine, state and bundled archive. No request leaves the machine. */
export async function observe(
  context: AutoContext,
  session: StateSession,
  preferences: PreferencesReading,
  bundled: BundledArchive | undefined,
): Promise<Observation> {
  const { now = () => new Date() } = context;
  const { updates = 'off', intervalHours } = preferences;
  const installed =
    (await findInstalled(context, session.ledger.releases)) ?? (await identify(context, session, bundled));
  const remote = await knownRemote(context, session.ledger, updates !== 'off');
  const { failedInstall } = session.ledger;
  const isTriedLater =
    failedInstall !== undefined &&
    failedInstall.release === remote?.release.signed &&
    isBackingOff(failedInstall, intervalHours, now());
  return {
    preferences,
    installed,
    isUnidentified: !installed && isNothingKnown(session.ledger) && (await findLocal(context)) !== undefined,
    bundled,
    remote,
    isDue: isCheckDue(session.ledger, intervalHours, now()),
    // With nothing installed there is nothing that could be used meanwhile.
    hasFailed: isTriedLater && installed !== undefined,
  };
}

/** The state is gone, or was lost: no release is known as accepted here. */
function isNothingKnown({ releases, historyLost = false }: Ledger): boolean {
  return releases.length === 0 || historyLost;
}

/** The engine has just what came with the application, and only the state does not know it any more. */
async function identify(
  context: AutoContext,
  session: StateSession,
  bundled: BundledArchive | undefined,
): Promise<InstalledImage | undefined> {
  if (!bundled || !isNothingKnown(session.ledger)) return undefined;
  const { image } = bundled;
  const local = await findLocal(context);
  const release = releaseOf(image);
  if (!local || !claimsChain(local, image) || !isInstallable(session.ledger, release, context.profile.floor))
    return undefined;
  await storeEvidence(context.state, context.profile, image);
  const now = context.now?.() ?? new Date();
  const entry = entryOfInstall(release, {
    before: undefined,
    forced: false,
    message: 'identified by the bundled archive',
  });
  await session.save((ledger) => commitInstalled(ledger, release, { now, forced: false }), entry);
  return findInstalled(context, session.ledger.releases);
}

/** The last one that verified. Its evidence was kept when it was seen, and is verified anew here. */
async function knownRemote(context: AutoContext, ledger: Ledger, isWanted: boolean): Promise<Remote | undefined> {
  const { remote } = ledger;
  if (!remote) return undefined;
  if (!isWanted) return { release: remote.release };
  if (lacksProvenance(context.profile, ledger)) return undefined;
  const image = await findStoredImage(context, remote.release);
  return image && { release: releaseOf(image), image };
}

export type Answer = NonNullable<Situation<Release>['consent']>;

/** As the table has it. `answer` is about the remote, in this run or an earlier one. */
export function situationOf(
  { preferences, installed, bundled, remote, isUnidentified, isDue, hasFailed }: Observation,
  { answer, force }: { readonly answer: Answer | undefined; readonly force: boolean },
): Situation<Release> {
  const { updates, pinnedSince } = preferences;
  return {
    isPinned: pinnedSince !== undefined,
    isUnidentified,
    ...(updates && { updates }),
    isDue,
    ...(installed && { installed: releaseOfInstalled(installed) }),
    ...(bundled && { bundled: releaseOf(bundled.image) }),
    ...(remote && { remote: remote.release }),
    ...(answer && { consent: answer }),
    hasFailed,
    force,
  };
}

export function orderOf(ledger: Ledger, profile: Pick<Profile, 'floor'>): Order<Release> {
  return {
    isNewer: (release, than) => isNewer(ledger, release, than),
    allows: (release) => isInstallable(ledger, release, profile.floor),
  };
}
