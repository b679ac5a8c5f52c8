import { type CodedError, codeOf } from '../errors/coded-error.ts';
import { type ErrorCode, exitCodeOf, exitCodes } from '../errors/error-code.ts';
import { requireInstallable } from '../ledger/order.ts';
import { releaseOf } from '../ledger/release.ts';
import { formatPlatform, type Platform } from '../oci/platform.ts';
import { type ImageArchive, platformHeld } from '../source/image-archive.ts';
import type { VerifiedImage } from '../verify/verified-image.ts';
import { type ArchiveContext, withArchivedRoot } from './archived-root.ts';
import { demandProvenance } from './demand-provenance.ts';
import { factsOf } from './installed-image.ts';
import { remember } from './remember.ts';
import type { InspectArchiveResult, SignatureVerdict } from './results.ts';
import { withStateUnchanged } from './state-session.ts';
import { proveArchive, requireHeld, verifyArchivedImage } from './verify-archive.ts';

export interface InspectContext extends ArchiveContext {
  readonly open: () => Promise<ImageArchive>;
  /** Of the machine that it would be loaded on. */
  readonly platform: Platform;
}

/** What an archive holds, and whether `load-archive` would take it here: no engine, and nothing changed. */
export async function inspectArchive(context: InspectContext): Promise<InspectArchiveResult> {
  const common = { verb: 'inspect-archive' } as const;
  let archive: ImageArchive;
  try {
    archive = await context.open();
  } catch (error) {
    return { ...common, status: 'refused', signatures: [], reason: reasonOf(error) };
  }
  try {
    return { ...common, ...(await inspect((await withArchivedRoot(context, archive)).context, archive)) };
  } finally {
    await archive.close();
  }
}

/** The first of `load-archive`'s refusals counts; who signed is told all the same. */
async function inspect(context: InspectContext, archive: ImageArchive): Promise<Omit<InspectArchiveResult, 'verb'>> {
  const { platforms, bytes } = archive;
  const platform = platformHeld(archive, context.platform);
  let refusal: unknown;
  let facts: Pick<InspectArchiveResult, 'image' | 'signatures'> = { signatures: [] };
  try {
    requireHeld(archive, context.platform);
  } catch (error) {
    refusal = error;
  }
  try {
    const image = await verifyArchivedImage(context, archive, platform);
    facts = { image: factsOf(image), signatures: image.signed.verdicts };
    if (refusal === undefined) await requireAcceptable(context, archive, image);
  } catch (error) {
    facts = { ...facts, ...(facts.signatures.length === 0 && { signatures: signaturesIn(error) }) };
    refusal ??= error;
  }
  const all = platforms.map(formatPlatform);
  const seen = { ...facts, platform: formatPlatform(platform), ...(all.length > 1 && { platforms: all }), bytes };
  return refusal === undefined
    ? { status: 'acceptable', ...seen }
    : { status: 'refused', ...seen, reason: reasonOf(refusal) };
}

async function requireAcceptable(context: InspectContext, archive: ImageArchive, image: VerifiedImage): Promise<void> {
  await demandProvenance({ ...context, source: archive }, image);
  await proveArchive(context, archive, image);
  await withStateUnchanged(context, async (session) => {
    await remember(session, image.signed);
    requireInstallable(session.ledger, releaseOf(image), context.profile.floor);
  });
}

/** A refusal of the archive; that it could not be looked at is another thing, and thrown. */
function reasonOf(error: unknown): NonNullable<InspectArchiveResult['reason']> {
  const code = codeOf(error);
  if (code === undefined || !REFUSALS.has(exitCodeOf(code))) throw error;
  const { message, suggestions } = error as CodedError;
  return { code, message, ...(suggestions.length > 0 && { suggestions }) };
}

const REFUSALS: ReadonlySet<number> = new Set(
  (['SIGNATURE_MISSING', 'ROLLBACK_REFUSED', 'PLATFORM_NOT_FOUND', 'ARCHIVE_INVALID'] satisfies ErrorCode[]).map(
    (code) => exitCodes[code],
  ),
);

function signaturesIn(error: unknown): readonly SignatureVerdict[] {
  const { signatures = [] } = (error as Partial<CodedError>).details ?? {};
  return signatures as readonly SignatureVerdict[];
}
