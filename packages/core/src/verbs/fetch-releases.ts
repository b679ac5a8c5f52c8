import { codeOf } from '../errors/coded-error.ts';
import { exitCodeOf, exitCodes } from '../errors/error-code.ts';
import { requireAboveFloor } from '../ledger/order.ts';
import { releaseOf } from '../ledger/release.ts';
import type { Digest } from '../oci/digest.ts';
import type { Platform } from '../oci/platform.ts';
import { type ImageReference, parseReference } from '../oci/reference.ts';
import { fetchAttestations, type RawAttestations } from '../source/fetch-attestations.ts';
import { fetchChain, findSigned } from '../source/fetch-image.ts';
import { requireFault } from '../source/first-answer.ts';
import { lookUpSignatures, verifyLookedUp } from '../source/look-up-signatures.ts';
import type { BundleDocument } from '../verify/bundle-document.ts';
import { type VerifiedImage, verifyImage } from '../verify/verified-image.ts';
import type { SignedDigest } from '../verify/verify-signatures.ts';
import { remember } from './remember.ts';
import type { StateSession } from './state-session.ts';
import { requireOwnImage } from './store-signatures.ts';
import type { OnlineContext } from './verb-context.ts';

/** A release for one platform, to be handed on: verified as for an upgrade, with every signature that counts. */
export interface FetchedRelease {
  readonly image: VerifiedImage;
  /** Evidence for each digest of the chain that is signed: that of `image` first, then its platform manifest's. */
  readonly signed: readonly SignedDigest[];
  /** Of the platform's manifest and of a signed index; as they are, for whoever asks for provenance to verify. */
  readonly attestations: readonly RawAttestations[];
  /** Of the same digests. */
  readonly bundles: readonly FetchedBundles[];
}

/** Sigstore bundles of one digest, signatures and attestations: to be carried, not to be believed. */
export interface FetchedBundles {
  readonly about: Digest;
  readonly bundles: readonly BundleDocument[];
}

/**
 * What a reference points to now, for each platform: no engine, no layer, and one look at the tag for all of them. The
 * floor holds, for a registry may offer what is long replaced; no floor is moved, for nothing is installed.
 */
export async function fetchReleases(
  context: OnlineContext,
  session: StateSession,
  reference: ImageReference,
  platforms: readonly Platform[],
): Promise<readonly FetchedRelease[]> {
  const { source, profile, signal } = context;
  requireOwnImage(reference, profile.image);
  const options = { ...(signal && { signal }) };
  const digest =
    reference.digest ?? (await source.resolve({ ...reference, tag: reference.tag ?? profile.tag }, options));
  const releases: FetchedRelease[] = [];
  for (const platform of platforms) {
    const chain = await fetchChain(source, parseReference(profile.image), digest, platform, options);
    const signed = await findSigned(source, reference, chain, profile.trust, options);
    const more = signed.digest === chain.index?.digest ? await findMore(context, reference, chain.manifest) : [];
    const image = verifyImage(profile.image, chain, signed);
    for (const evidence of [signed, ...more]) await remember(session, evidence);
    requireCurrent(context, session, image, reference);
    const digests = [...new Set([chain.manifest.digest, signed.digest])];
    const attestations = await findAttestations(context, reference, digests);
    const bundles = await findBundles(context, reference, digests);
    releases.push({ image, signed: [signed, ...more], attestations, bundles });
  }
  return releases;
}

/** The platform's own signatures, which are worth having, where its index is signed. A registry that fails is no "none". */
async function findMore(
  { source, profile, signal, report }: OnlineContext,
  reference: ImageReference,
  { digest, bytes }: Pick<VerifiedImage['manifest'], 'digest' | 'bytes'>,
): Promise<readonly SignedDigest[]> {
  try {
    const looked = await lookUpSignatures(source, reference, digest, profile.trust, { ...(signal && { signal }) });
    return [verifyLookedUp(looked, digest, profile.trust, bytes)];
  } catch (error) {
    const code = codeOf(error);
    const family = code === undefined ? undefined : exitCodeOf(code);
    if (family !== exitCodes.SIGNATURE_MISSING && family !== exitCodes.SIGNATURE_MALFORMED) throw error;
    report?.({ type: 'decision', message: `the index is signed, its manifest is not: ${(error as Error).message}` });
    return [];
  }
}

/** What is malformed is left out, with a word: the image is signed all the same. A registry that fails is no "none". */
async function findAttestations(
  { source, signal, report }: OnlineContext,
  reference: ImageReference,
  digests: readonly Digest[],
): Promise<readonly RawAttestations[]> {
  const found: RawAttestations[] = [];
  for (const digest of digests) {
    try {
      const attestations = await fetchAttestations(source, reference, digest, { ...(signal && { signal }) });
      if (attestations) found.push(attestations);
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined || exitCodeOf(code) !== exitCodes.MANIFEST_INVALID) throw error;
      report?.({ type: 'notice', message: `Attestations are left out: ${(error as Error).message}` });
    }
  }
  return found;
}

/** The image is signed by what was found already: a look-up that fails costs a word, not the archive (design §3, rule 5). */
async function findBundles(
  { source, signal, report }: OnlineContext,
  reference: ImageReference,
  digests: readonly Digest[],
): Promise<readonly FetchedBundles[]> {
  const found: FetchedBundles[] = [];
  for (const about of digests) {
    try {
      const bundles = await source.findBundles(reference, about, { ...(signal && { signal }) });
      if (bundles.length > 0) found.push({ about, bundles });
    } catch (error) {
      report?.({ type: 'notice', message: `Bundles are left out: ${requireFault(error).message}` });
    }
  }
  return found;
}

/** Whoever names a digest means just that image, however old; behind a tag nobody may put one. */
function requireCurrent(
  { profile, report }: OnlineContext,
  { ledger }: StateSession,
  image: VerifiedImage,
  { digest }: ImageReference,
): void {
  try {
    requireAboveFloor(ledger, releaseOf(image), profile.floor);
  } catch (error) {
    if (digest === undefined || codeOf(error) !== 'ROLLBACK_REFUSED') throw error;
    const message = `${(error as Error).message}. It was named by its digest; to install it takes --force.`;
    report?.({ type: 'notice', message });
  }
}
