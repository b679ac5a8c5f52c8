import { CodedError, codeOf } from '../errors/coded-error.ts';
import { type ErrorCode, exitCodeOf, exitCodes } from '../errors/error-code.ts';
import { printable } from '../errors/printable.ts';
import type { ImageArchive } from '../source/image-archive.ts';
import type { VerifiedImage } from '../verify/verified-image.ts';
import { remember } from './remember.ts';
import type { StateSession } from './state-session.ts';
import { recordTolerated } from './tolerate.ts';
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
  const open = openerOf(context);
  const archive = open && (await attempt(context, session, open));
  try {
    const image = archive && (await attempt(context, session, () => verify(context, session, archive)));
    return await work(archive && image && { archive, image });
  } finally {
    await archive?.close();
  }
}

/** A caller that cannot open what the profile names made a mistake: to go on without it would be another decision. */
function openerOf({ profile, openArchive, signal }: AutoContext): (() => Promise<ImageArchive>) | undefined {
  const { bundledArchive } = profile;
  if (bundledArchive === undefined) return undefined;
  if (openArchive) return () => openArchive(bundledArchive, { ...(signal && { signal }) });
  const message = `the profile names the archive ${printable(bundledArchive)}, and nothing opens archives`;
  throw new CodedError('USAGE', message, {
    suggestions: ['Give openArchive of @dangerzone-image/archive in the context.'],
  });
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
    const code = codeOf(error);
    // A file that is not there is USAGE where a person named it; here it is one more archive that is of no use.
    if (code === undefined || context.signal?.aborted || !isOfTheArchive(code)) throw error;
    context.report?.({ type: 'notice', message: `The bundled archive is not used: ${(error as Error).message}` });
    await recordTolerated(session, error);
    return undefined;
  }
}

function isOfTheArchive(code: ErrorCode): boolean {
  const families: readonly number[] = [exitCodes.USAGE, exitCodes.SIGNATURE_MISSING, exitCodes.ARCHIVE_INVALID];
  return families.includes(exitCodeOf(code)) || code === 'PLATFORM_NOT_FOUND' || code === 'IMAGE_NOT_FOUND';
}
