import type { Digest } from '../oci/digest.ts';
import { parseReference } from '../oci/reference.ts';
import { bundlesOnce } from '../source/bundles-once.ts';
import { fetchSignedChain } from '../source/fetch-image.ts';
import type { ImageSource } from '../source/image-source.ts';
import type { AcceptedProvenance } from '../verify/provenance/attestation-verdict.ts';
import { type VerifiedImage, verifyImage } from '../verify/verified-image.ts';
import { demandProvenance } from './demand-provenance.ts';
import type { InstalledImage } from './installed-image.ts';
import type { InstallContext, OnlineContext } from './verb-context.ts';

/** The digest that the profile's tag points to now. A claim: it may only end a run as "unchanged". */
export function resolveTag({ source, profile, signal }: OnlineContext): Promise<Digest> {
  const reference = parseReference(`${profile.image}:${profile.tag}`);
  return source.resolve(reference, { ...(signal && { signal }) });
}

/** True when the offered digest is what is installed: its index, or its manifest where there is no index. */
export function isOffered(digest: Digest, { facts }: InstalledImage): boolean {
  return digest === (facts.index ?? facts.manifest ?? facts.digest);
}

/** What is offered, verified. */
export interface Offer {
  readonly image: VerifiedImage;
  /** Where the profile demands it. */
  readonly provenance?: AcceptedProvenance;
  /** Where it is from, for whoever looks for more about it. */
  readonly source: ImageSource;
}

/** All that an image's signatures and documents can prove, before any layer is fetched. */
export async function fetchCandidate(context: InstallContext, digest: Digest): Promise<Offer> {
  const { profile, runtime, signal } = context;
  const source = bundlesOnce(context.source);
  const reference = parseReference(profile.image);
  const { platform } = await runtime.info({ brief: true });
  const wanted = { platform, trust: profile.trust };
  const { chain, signed } = await fetchSignedChain(source, reference, digest, wanted, { ...(signal && { signal }) });
  const image = verifyImage(profile.image, chain, signed);
  const provenance = await demandProvenance({ ...context, source }, image);
  return { image, source, ...(provenance && { provenance }) };
}
