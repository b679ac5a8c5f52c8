import { isSameRelease, releaseOf } from '../ledger/release.ts';
import { guardRuntime } from '../runtime/guard-runtime.ts';
import { compare } from './compare.ts';
import { fetchCandidate, isOffered } from './fetch-candidate.ts';
import { freshnessOf } from './freshness.ts';
import { factsOf } from './installed-image.ts';
import { lookUp } from './look-up.ts';
import { recordAnswer, rememberRemote } from './record-check.ts';
import { remember } from './remember.ts';
import type { CheckResult } from './results.ts';
import { withState } from './state-session.ts';
import type { InstallContext } from './verb-context.ts';

/** What an upgrade would do, without doing it: tag, signatures and manifests are read and verified, no layer. */
export async function check(given: InstallContext): Promise<CheckResult> {
  const context = { ...given, runtime: guardRuntime(given.runtime, given) };
  const { profile, now = () => new Date() } = context;
  return withState(context, 'check', async (session) => {
    const { installed, digest } = await lookUp(context, session.ledger.releases);
    await recordAnswer(context, session, { installed, digest });
    if (installed && isOffered(digest, installed)) {
      const freshness = freshnessOf(installed, session.ledger, profile, now());
      return {
        verb: 'check',
        status: 'up-to-date',
        image: installed.facts,
        installed: installed.facts,
        signatures: installed.signed.verdicts,
        freshness,
      };
    }

    const offer = await fetchCandidate(context, digest);
    const { image } = offer;
    await remember(session, image.signed);
    await rememberRemote(context, session, offer, installed);
    const isSame = installed?.image && isSameRelease(releaseOf(image), releaseOf(installed.image));
    if (!isSame) compare(context, session, image, false);
    const offered = factsOf(image, profile.tag);
    const common = {
      verb: 'check',
      image: offered,
      signatures: image.signed.verdicts,
      freshness: freshnessOf({ image, signed: image.signed }, session.ledger, profile, now()),
    } as const;
    if (installed && isSame) return { ...common, status: 'up-to-date', installed: installed.facts };
    const download = { bytes: image.size };
    return installed
      ? { ...common, status: 'update-available', installed: installed.facts, download }
      : { ...common, status: 'not-installed', download };
  });
}
