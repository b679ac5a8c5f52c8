import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import type { Digest } from '../oci/digest.ts';
import { formatPlatform, isSamePlatform, type Platform } from '../oci/platform.ts';
import { parseReference } from '../oci/reference.ts';
import { fetchSignedChain } from '../source/fetch-image.ts';
import type { ImageArchive } from '../source/image-archive.ts';
import { type VerifiedImage, verifyImage } from '../verify/verified-image.ts';
import { demandProvenance } from './demand-provenance.ts';
import type { VerbContext } from './verb-context.ts';

/** All that an archive can prove by itself, for the platform that is to run it: whose it is, and that it is whole. */
export async function verifyArchive(
  context: VerbContext,
  archive: ImageArchive,
  platform: Platform,
): Promise<VerifiedImage> {
  const image = await verifyWhose(context, archive, platform);
  await proveArchive(context, archive, image);
  return image;
}

/** The first half of it, in no time: the second takes as long as the file is large. */
export async function verifyWhose(
  context: VerbContext,
  archive: ImageArchive,
  platform: Platform,
): Promise<VerifiedImage> {
  requireHeld(archive, platform);
  const image = await verifyArchivedImage(context, archive, platform);
  await demandProvenance({ ...context, source: archive }, image);
  return image;
}

/** Said before anything is verified: the right archive is another file. */
export function requireHeld({ location, platforms }: ImageArchive, platform: Platform): void {
  if (platforms.some((held) => isSamePlatform(held, platform))) return;
  const held = platforms.map((each) => printable(formatPlatform(each))).join(', ');
  throw new CodedError(
    'PLATFORM_MISMATCH',
    `${location} is for ${held}: expected an image for ${formatPlatform(platform)}`,
    { suggestions: [`Have one made for it: dangerzone-image prepare-archive --platform ${formatPlatform(platform)}`] },
  );
}

/** Documents and signatures. What goes into an engine is signed: an index that nobody we know signed stays behind. */
export async function verifyArchivedImage(
  { profile, signal }: VerbContext,
  archive: ImageArchive,
  platform: Platform,
): Promise<VerifiedImage> {
  const reference = parseReference(profile.image);
  const wanted = { platform, trust: profile.trust };
  const options = { ...(signal && { signal }) };
  const verifyAt = async (digest: ImageArchive['digest']) => {
    const { chain, signed } = await fetchSignedChain(archive, reference, digest, wanted, options);
    return verifyImage(profile.image, chain, signed);
  };
  const image = await verifyAt(archive.digest);
  return image.digest === archive.digest ? image : verifyAt(image.digest);
}

/** The bulk of the bytes, each read and hashed: so late, because only now is it worth the time. */
export async function proveArchive(
  { signal, report }: VerbContext,
  archive: ImageArchive,
  { digest }: VerifiedImage,
  proven: readonly Digest[] = [],
): Promise<void> {
  await archive.prove(digest, {
    proven,
    ...(signal && { signal }),
    onBytes: (bytes, total) => report?.({ type: 'read', bytes, total }),
  });
}
