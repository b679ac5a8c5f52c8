import { CodedError } from '../errors/coded-error.ts';
import { entryOfInstall } from '../journal/entry-of-install.ts';
import { writeLastLogIndex } from '../ledger/last-log-index.ts';
import { beginPending, commitInstalled, recordRuntime } from '../ledger/ledger-changes.ts';
import { installedRelease } from '../ledger/order.ts';
import { type Release, releaseOf } from '../ledger/release.ts';
import type { LocalImage } from '../runtime/container-runtime.ts';
import { claimsChain } from '../runtime/match-image.ts';
import type { VerifiedImage } from '../verify/verified-image.ts';
import { findLocal, stableName } from './installed-image.ts';
import { removeLeftOvers, workNames } from './left-overs.ts';
import type { StateSession } from './state-session.ts';
import { storeEvidence } from './stored-evidence.ts';
import { clearDownloads, download, transfer } from './transfer.ts';
import type { InstallContext, Step } from './verb-context.ts';

/** A step is announced before it starts: whatever dies in it, the next run knows where to look. */
export function announce({ report, signal }: InstallContext, step: Step): void {
  signal?.throwIfAborted();
  report?.({ type: 'step', step });
}

/** From a verified image to an installed one (design §4). The old image keeps its name until the new one is proven. */
export async function installImage(
  context: InstallContext,
  session: StateSession,
  image: VerifiedImage,
  forced: boolean,
): Promise<void> {
  const { state, profile, now = () => new Date() } = context;
  const release = releaseOf(image);
  const before = installedRelease(session.ledger)?.signed;

  announce(context, 'check-space');
  await requireSpace(context, image);

  announce(context, 'store-evidence');
  await storeEvidence(state, profile, image);
  await session.save((ledger) => beginPending(ledger, pendingOf(context, release, forced)));

  if (context.source.origins) announce(context, 'download');
  const source = await download(context, image);

  announce(context, 'transfer');
  const incoming = await transfer(context, image, source);

  announce(context, 'identify');
  await requireIdentity(context, image, incoming, workNames(profile).incoming);

  announce(context, 'tag');
  await giveStableName(context, incoming);
  await requireIdentity(context, image, incoming, stableName(profile));
  await clearDownloads(context); // while it is pending: whatever dies from here on, no later run has to look for them

  announce(context, 'commit');
  await session.save(
    (ledger) => commitInstalled(recordRuntime(ledger, context.runtime.name), release, { now: now(), forced }),
    entryOfInstall(release, { before, forced }),
  );

  announce(context, 'write-log-index');
  await writeLastLogIndex(state, profile, session.ledger);

  announce(context, 'remove-older');
  await removeLeftOvers(context);
}

export async function requireSpace(
  { runtime, report, source }: InstallContext,
  { size }: VerifiedImage,
): Promise<void> {
  const { freeBytes, endpoint } = await runtime.info();
  const isHere = source.origins === undefined && ({ isHere: true } as const);
  report?.({ type: 'size', bytes: size, ...(freeBytes !== undefined && { freeBytes }), ...isHere });
  if (freeBytes === undefined || freeBytes >= size) return;
  throw new CodedError('DISK_FULL', `the image needs ${size} bytes, ${endpoint} has ${freeBytes} free`, {
    suggestions: ['Free some space and run the same command again. Nothing was fetched or installed.'],
    details: { needed: size, free: freeBytes },
  });
}

function pendingOf({ profile, now = () => new Date() }: InstallContext, release: Release, forced: boolean) {
  return {
    release,
    temporaryName: workNames(profile).incoming,
    stableName: stableName(profile),
    since: now(),
    ...(forced && { forced }),
  };
}

/** What the engine says it has now, read again: its answer to the load is not enough. */
async function requireIdentity(
  context: InstallContext,
  image: VerifiedImage,
  incoming: LocalImage,
  name: string,
): Promise<void> {
  const repository = name.slice(0, name.lastIndexOf(':'));
  const found = (await context.runtime.images(repository)).find(({ names }) => names.includes(name));
  if (found && claimsChain(found, image)) return;
  await context.runtime.remove({ ...incoming, names: [workNames(context.profile).incoming] });
  throw new CodedError(
    'RUNTIME_FAILED',
    `${context.runtime.name} has ${found?.id ?? 'nothing'} as ${name}: expected an image of ${image.digest}`,
    {
      suggestions: ['Nothing was installed. Look at the runtime’s own storage, then run the same command again.'],
    },
  );
}

/** The image that had the name goes on under a working name, so that it can be removed by name later, never by ID. */
async function giveStableName(context: InstallContext, incoming: LocalImage): Promise<void> {
  const { runtime, profile } = context;
  const old = await findLocal(context);
  if (old && old.id !== incoming.id) await runtime.tag(old, workNames(profile).outgoing);
  await runtime.tag(incoming, stableName(profile));
}
