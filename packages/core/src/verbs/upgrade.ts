import { guardRuntime } from '../runtime/guard-runtime.ts';
import { fetchCandidate, isOffered } from './fetch-candidate.ts';
import { installCandidate } from './install-candidate.ts';
import { announce } from './install-image.ts';
import type { InstalledImage } from './installed-image.ts';
import { lookUp } from './look-up.ts';
import { recordAnswer } from './record-check.ts';
import { recover } from './recover.ts';
import type { UpgradeResult } from './results.ts';
import { withState } from './state-session.ts';
import { clearDownloads } from './transfer.ts';
import type { InstallContext } from './verb-context.ts';

export interface UpgradeOptions {
  /** Installs what is offered although the rollback rules refuse it. Signatures are demanded all the same. */
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
    await recordAnswer(context, session, { installed, digest });
    if (installed && isOffered(digest, installed)) {
      await clearDownloads(context); // of a release that is not offered any more
      return unchanged(context, installed);
    }

    announce(context, 'verify');
    const { image } = await fetchCandidate(context, digest);
    return { verb: 'upgrade', ...(await installCandidate(context, session, { image, installed, force })) };
  });
}

function unchanged({ profile, report }: InstallContext, { facts, signed }: InstalledImage): UpgradeResult {
  report?.({ type: 'decision', message: `the tag still points to ${facts.digest}` });
  return { verb: 'upgrade', status: 'up-to-date', image: { ...facts, tag: profile.tag }, signatures: signed.verdicts };
}
