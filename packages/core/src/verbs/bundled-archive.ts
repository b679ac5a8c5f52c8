import { CodedError, codeOf } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { entryOfError } from '../journal/entry-of-error.ts';
import type { ImageArchive } from '../source/image-archive.ts';
import type { VerifiedImage } from '../verify/verified-image.ts';
import { remember } from './remember.ts';
import type { StateSession } from './state-session.ts';
import type { InstallContext } from './verb-context.ts';
import { requireHeld, verifyArchivedImage } from './verify-archive.ts';

export interface AutoContext extends InstallContext {
  /** How the profile's `bundledArchive` is opened: `openArchive` of `@dangerzone-image/archive`. */
  readonly openArchive?: (path: string, options: { readonly signal?: AbortSignal }) => Promise<ImageArchive>;
}

/** The archive that came with the application: whose it is is known, whether its layers are whole is not yet. */
export interface BundledArchive {
  readonly archive: ImageArchive;
  readonly image: VerifiedImage;
}

/** One that is refused is told and recorded, and is as good as none: the rest of the decision does without it. */
export async function withBundledArchive<T>(
  context: AutoContext,
  session: StateSession,
  work: (bundled: BundledArchive | undefined) => Promise<T>,
): Promise<T> {
  const archive = await attempt(context, session, () => open(context));
  try {
    const image = archive && (await attempt(context, session, () => verify(context, session, archive)));
    return await work(archive && image && { archive, image });
  } finally {
    await archive?.close();
  }
}

async function open({ profile, openArchive, signal }: AutoContext): Promise<ImageArchive | undefined> {
  const { bundledArchive } = profile;
  if (bundledArchive === undefined) return undefined;
  if (openArchive) return openArchive(bundledArchive, { ...(signal && { signal }) });
  throw new CodedError(
    'USAGE',
    `the profile names the archive ${printable(bundledArchive)}, and nothing opens archives`,
    {
      suggestions: ['Give openArchive of @dangerzone-image/archive in the context.'],
    },
  );
}

async function verify(context: AutoContext, session: StateSession, archive: ImageArchive): Promise<VerifiedImage> {
  const { platform } = await context.runtime.info({ brief: true });
  requireHeld(archive, platform);
  const image = await verifyArchivedImage(context, archive, platform);
  await remember(session, image.signed);
  return image;
}

async function attempt<T>(context: AutoContext, session: StateSession, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const entry = entryOfError(error);
    if (entry === undefined || context.signal?.aborted || codeOf(error) === 'RUNTIME_UNAVAILABLE') throw error;
    context.report?.({ type: 'notice', message: `The bundled archive is not used: ${(error as Error).message}` });
    await session.save((ledger) => ledger, entry);
    return undefined;
  }
}
