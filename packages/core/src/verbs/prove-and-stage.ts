import { CodedError, codeOf } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { isInstallable } from '../ledger/is-installable.ts';
import { readLedger } from '../ledger/ledger-file.ts';
import { releaseOf } from '../ledger/release.ts';
import { parseReference } from '../oci/reference.ts';
import type { StagedImage } from '../runtime/container-runtime.ts';
import { createVerifiedStream, type VerifiedStream } from '../runtime/verified-stream.ts';
import type { ImageArchive } from '../source/image-archive.ts';
import type { VerifiedImage } from '../verify/verified-image.ts';
import { workNames } from './left-overs.ts';
import type { LocalContext } from './verb-context.ts';
import { proveArchive } from './verify-archive.ts';

/**
 * All of an archive, read and held against its digests. For an engine that reads files they are written meanwhile: so the
 * layers are read and hashed once, not twice. The engine is asked for nothing but where it is.
 */
export async function proveAndStage(
  context: LocalContext,
  archive: ImageArchive,
  image: VerifiedImage,
): Promise<StagedImage | undefined> {
  const { profile, runtime, report, signal } = context;
  const { repository } = parseReference(profile.image);
  const stream = createVerifiedStream(image, archive, repository, { ...(signal && { signal }) });
  const staged = await runtime
    .stage?.(stream, {
      name: workNames(profile).incoming,
      onBytes: (bytes) => report?.({ type: 'read', bytes, total: image.size }),
      ...(signal && { signal }),
    })
    .catch(async (error: unknown) => {
      if (codeOf(error) === 'DIGEST_MISMATCH') await proveArchive(context, archive, image); // says where in the file
      throw error;
    });
  try {
    if (staged) requireRead(stream, runtime.name);
    const proven = staged && [image.config, ...image.manifest.layers].map(({ digest }) => digest);
    await proveArchive(context, archive, image, proven);
    return staged;
  } catch (error) {
    await staged?.[Symbol.asyncDispose]();
    throw error;
  }
}

/** Only what was read to its end was held against its digest: an adapter's word is not enough. */
function requireRead(stream: VerifiedStream, runtime: string): void {
  try {
    stream.roots();
  } catch (cause) {
    const message = `runtime ${printable(runtime)} says that it wrote the image, and did not read all of it`;
    throw new CodedError('RUNTIME_FAILED', message, { cause });
  }
}

/** Whether an image would be installed, as far as the ledger knows without a lock: worth writing files for. */
export async function seemsInstallable({ state, profile }: LocalContext, image: VerifiedImage): Promise<boolean> {
  const release = releaseOf(image);
  const reading = await readLedger(state, profile, { readOnly: true }).catch(() => undefined); // told when it is needed
  if (!reading || reading.ledger.installed === release.config) return false;
  return isInstallable(reading.ledger, release, profile.floor);
}
