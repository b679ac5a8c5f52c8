import { isSameRelease, releaseOf } from '../ledger/release.ts';
import type { VerifiedImage } from '../verify/verified-image.ts';
import { compare } from './compare.ts';
import { announce, installImage, requireSpace } from './install-image.ts';
import { factsOf, type InstalledImage } from './installed-image.ts';
import { remember } from './remember.ts';
import type { InstallResult } from './results.ts';
import type { StateSession } from './state-session.ts';
import { storeSigned } from './stored-evidence.ts';
import type { InstallContext } from './verb-context.ts';

/** A verified image, and what it would take the place of. */
export interface Candidate {
  readonly image: VerifiedImage;
  readonly installed: InstalledImage | undefined;
  /** Installs it although the rollback rules refuse it. */
  readonly force: boolean;
}

export type Outcome = Omit<InstallResult<string>, 'verb'>;

/** What `upgrade` and `load-archive` do alike, wherever the image comes from: the rollback rules, then the engine. */
export async function installCandidate(
  context: InstallContext,
  session: StateSession,
  candidate: Candidate,
): Promise<Outcome> {
  const { image, installed, force } = candidate;
  await remember(session, image.signed);

  announce(context, 'compare');
  if (isThere(candidate)) {
    // The same image by another road: its other signatures are worth keeping, the image itself is there.
    await storeSigned(context.state, context.profile, image.signed);
    await session.save((ledger) => ledger, { event: 'unchanged', image: image.digest });
    return upToDate(candidate);
  }
  const { forced } = compare(context, session, image, force);

  await installImage(context, session, image, forced);
  return newlyInstalled(image, installed, context.profile.tag);
}

/** The same up to the first change: what would be done, where nothing is to be. */
export async function planCandidate(
  context: InstallContext,
  session: StateSession,
  candidate: Candidate,
): Promise<Outcome> {
  const { image, installed, force } = candidate;
  await remember(session, image.signed);

  announce(context, 'compare');
  if (isThere(candidate)) return { ...upToDate(candidate), dryRun: true };
  compare(context, session, image, force);

  announce(context, 'check-space');
  await requireSpace(context, image);
  return { ...newlyInstalled(image, installed, context.profile.tag), dryRun: true };
}

function isThere({ image, installed }: Candidate): boolean {
  return installed?.image !== undefined && isSameRelease(releaseOf(image), releaseOf(installed.image));
}

function upToDate({ image, installed }: Candidate): Outcome {
  return { status: 'up-to-date', image: installed?.facts ?? factsOf(image), signatures: image.signed.verdicts };
}

function newlyInstalled(image: VerifiedImage, installed: InstalledImage | undefined, tag: string): Outcome {
  return {
    status: installed ? 'upgraded' : 'installed',
    image: factsOf(image, tag),
    ...(installed && { previous: installed.facts }),
    signatures: image.signed.verdicts,
  };
}
