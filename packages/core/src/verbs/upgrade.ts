import { recordCheck } from '../ledger/ledger-changes.ts';
import { isSameRelease, releaseOf } from '../ledger/release.ts';
import { guardRuntime } from '../runtime/guard-runtime.ts';
import type { VerifiedImage } from '../verify/verified-image.ts';
import { compare } from './compare.ts';
import { fetchCandidate, isOffered } from './fetch-candidate.ts';
import { announce, installImage } from './install-image.ts';
import { factsOf, type InstalledImage } from './installed-image.ts';
import { lookUp } from './look-up.ts';
import { recover } from './recover.ts';
import { remember } from './remember.ts';
import type { UpgradeResult } from './results.ts';
import { withState } from './state-session.ts';
import { storeSigned } from './stored-evidence.ts';
import { clearDownloads } from './transfer.ts';
import type { InstallContext } from './verb-context.ts';

export interface UpgradeOptions {
  /** Installs what the registry offers although the rollback rules refuse it. Signatures are demanded all the same. */
  readonly force?: boolean;
}

/** Brings the installed image up to what the registry offers, if that is signed and newer. */
export async function upgrade(given: InstallContext, { force = false }: UpgradeOptions = {}): Promise<UpgradeResult> {
  const context = { ...given, runtime: guardRuntime(given.runtime, given) };
  return withState(context, 'upgrade', async (session) => {
    announce(context, 'recover');
    await recover(context, session);

    announce(context, 'resolve');
    const { installed, digest } = await lookUp(context, session.ledger.releases);
    await session.save((ledger) => recordCheck(ledger, { time: context.now?.() ?? new Date(), digest }));
    if (installed && isOffered(digest, installed)) {
      await clearDownloads(context); // of a run that was killed right after its commit
      return upToDate(context, installed);
    }

    announce(context, 'verify');
    const image = await fetchCandidate(context, digest);
    await remember(session, image.signed);

    announce(context, 'compare');
    if (installed?.image && isSameRelease(releaseOf(image), releaseOf(installed.image)))
      return sameRelease(context, installed, image);
    const { forced } = compare(context, session, image, force);

    await installImage(context, session, image, forced);
    const status = installed ? 'upgraded' : 'installed';
    const previous = installed && { previous: installed.facts };
    return {
      verb: 'upgrade',
      status,
      image: factsOf(image, context.profile.tag),
      ...previous,
      signatures: image.signed.verdicts,
    };
  });
}

function upToDate({ profile, report }: InstallContext, { facts, signed }: InstalledImage): UpgradeResult {
  report?.({ type: 'decision', message: `the tag still points to ${facts.digest}` });
  return { verb: 'upgrade', status: 'up-to-date', image: { ...facts, tag: profile.tag }, signatures: signed.verdicts };
}

/** The same image by another road: its other signatures are worth keeping, the image itself is there. */
async function sameRelease(
  { state, profile }: InstallContext,
  { facts }: InstalledImage,
  image: VerifiedImage,
): Promise<UpgradeResult> {
  await storeSigned(state, profile, image.signed);
  return { verb: 'upgrade', status: 'up-to-date', image: facts, signatures: image.signed.verdicts };
}
