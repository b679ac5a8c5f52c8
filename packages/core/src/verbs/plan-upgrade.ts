import { isSameRelease, releaseOf } from '../ledger/release.ts';
import { guardRuntime } from '../runtime/guard-runtime.ts';
import { compare } from './compare.ts';
import { fetchCandidate, isOffered } from './fetch-candidate.ts';
import { announce, requireSpace } from './install-image.ts';
import { factsOf } from './installed-image.ts';
import { lookUp } from './look-up.ts';
import { remember } from './remember.ts';
import type { UpgradeResult } from './results.ts';
import { withStateUnchanged } from './state-session.ts';
import type { UpgradeOptions } from './upgrade.ts';
import type { InstallContext } from './verb-context.ts';

/** What `upgrade` would do: verified to the same end, with nothing changed, neither in the state nor in the engine. */
export async function planUpgrade(
  given: InstallContext,
  { force = false }: UpgradeOptions = {},
): Promise<UpgradeResult> {
  const context = { ...given, runtime: guardRuntime(given.runtime, given) };
  return withStateUnchanged(context, async (session) => {
    const { releases, pending } = session.ledger;
    const common = { verb: 'upgrade', dryRun: true } as const;

    announce(context, 'resolve');
    const { installed, digest } = await lookUp(context, [...releases, ...(pending ? [pending.release] : [])]);
    if (installed && isOffered(digest, installed)) {
      const { facts, signed } = installed;
      return { ...common, status: 'up-to-date', image: facts, signatures: signed.verdicts };
    }

    announce(context, 'verify');
    const image = await fetchCandidate(context, digest);
    await remember(session, image.signed);
    const signatures = image.signed.verdicts;

    announce(context, 'compare');
    if (installed?.image && isSameRelease(releaseOf(image), releaseOf(installed.image)))
      return { ...common, status: 'up-to-date', image: installed.facts, signatures };
    compare(context, session, image, force);

    announce(context, 'check-space');
    await requireSpace(context, image);
    const offered = factsOf(image, context.profile.tag);
    return installed
      ? { ...common, status: 'upgraded', image: offered, previous: installed.facts, signatures }
      : { ...common, status: 'installed', image: offered, signatures };
  });
}
