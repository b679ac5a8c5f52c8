import type { AcceptedProvenance } from '../verify/provenance/attestation-verdict.ts';
import type { VerifiedImage } from '../verify/verified-image.ts';
import { type ExpectingContext, findExpected } from './find-expected.ts';

/**
 * Where the profile demands it, a signed image must come with provenance, too, and one that its builder signed for: then a
 * publisher's key alone, in whosever hands, installs nothing.
 */
export async function demandProvenance(
  context: ExpectingContext,
  image: VerifiedImage,
): Promise<AcceptedProvenance | undefined> {
  const { provenance, provenanceRoot } = context.profile;
  if (!provenance?.required) return undefined;
  const trusted = { ...context, ...(provenanceRoot && { trustedRoot: provenanceRoot }) };
  return findExpected(trusted, image, provenance, { byRunner: true });
}
