import { guardRuntime } from '../runtime/guard-runtime.ts';
import { fetchCandidate, isOffered } from './fetch-candidate.ts';
import { planCandidate } from './install-candidate.ts';
import { announce } from './install-image.ts';
import { lookUp } from './look-up.ts';
import type { UpgradeResult } from './results.ts';
import { knownReleases, withStateUnchanged } from './state-session.ts';
import type { UpgradeOptions } from './upgrade.ts';
import type { InstallContext } from './verb-context.ts';

/** What `upgrade` would do: verified to the same end, with nothing changed, neither in the state nor in the engine. */
export async function planUpgrade(
  given: InstallContext,
  { force = false }: UpgradeOptions = {},
): Promise<UpgradeResult> {
  const context = { ...given, runtime: guardRuntime(given.runtime, given) };
  return withStateUnchanged(context, async (session) => {
    announce(context, 'resolve');
    const { installed, digest } = await lookUp(context, knownReleases(session));
    if (installed && isOffered(digest, installed)) {
      const { facts, signed } = installed;
      return { verb: 'upgrade', dryRun: true, status: 'up-to-date', image: facts, signatures: signed.verdicts };
    }

    announce(context, 'verify');
    const { image } = await fetchCandidate(context, digest);
    return { verb: 'upgrade', ...(await planCandidate(context, session, { image, installed, force })) };
  });
}
