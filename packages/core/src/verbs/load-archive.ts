import type { Platform } from '../oci/platform.ts';
import { guardRuntime } from '../runtime/guard-runtime.ts';
import type { ImageArchive } from '../source/image-archive.ts';
import { type ArchiveContext, withArchivedRoot } from './archived-root.ts';
import { installCandidate, planCandidate } from './install-candidate.ts';
import { announce } from './install-image.ts';
import { findInstalled } from './installed-image.ts';
import { proveAndStage, seemsInstallable } from './prove-and-stage.ts';
import { recordingRefusal } from './record-refusal.ts';
import { recover } from './recover.ts';
import type { LoadArchiveResult } from './results.ts';
import { knownReleases, withState, withStateUnchanged } from './state-session.ts';
import type { UpgradeOptions } from './upgrade.ts';
import type { LocalContext } from './verb-context.ts';
import { proveArchive, verifyArchive, verifyWhose } from './verify-archive.ts';

export interface LoadContext extends LocalContext, ArchiveContext {
  readonly source: ImageArchive;
}

/**
 * Installs the image that an archive carries, if it is signed and not older; all of the archive is proven before the
 * engine is asked for anything but its platform. From there on the steps, the state and the rules are `upgrade`'s.
 */
export async function loadArchive(
  given: LoadContext,
  { force = false }: UpgradeOptions = {},
): Promise<LoadArchiveResult> {
  const guarded = { ...given, runtime: guardRuntime(given.runtime, given), via: 'load' } as const;
  announce(guarded, 'verify');
  const { context, keep } = await withArchivedRoot(guarded, given.source);
  const { platform } = await context.runtime.info({ brief: true });
  const { image, staged } = await recordingRefusal(context, 'load-archive', () => verifyAndStage(context, platform));
  await using ready = staged;
  await keep();

  return await withState(context, 'load-archive', async (session) => {
    announce(context, 'recover');
    await recover(context, session);
    const installed = await findInstalled(context, session.ledger.releases);
    const wanted = { ...context, ...(ready && { staged: ready }) };
    return { verb: 'load-archive', ...(await installCandidate(wanted, session, { image, installed, force })) };
  });
}

async function verifyAndStage(context: LoadContext, platform: Platform) {
  const image = await verifyWhose(context, context.source, platform);
  if (await seemsInstallable(context, image))
    return { image, staged: await proveAndStage(context, context.source, image) };
  await proveArchive(context, context.source, image);
  return { image };
}

/** What `loadArchive` would do: verified to the same end, with nothing changed. */
export async function planLoad(given: LoadContext, { force = false }: UpgradeOptions = {}): Promise<LoadArchiveResult> {
  const guarded = { ...given, runtime: guardRuntime(given.runtime, given), via: 'load' } as const;
  announce(guarded, 'verify');
  const { context } = await withArchivedRoot(guarded, given.source);
  const image = await verifyArchive(context, context.source, (await context.runtime.info({ brief: true })).platform);

  return withStateUnchanged(context, async (session) => {
    const installed = await findInstalled(context, knownReleases(session));
    return { verb: 'load-archive', ...(await planCandidate(context, session, { image, installed, force })) };
  });
}
