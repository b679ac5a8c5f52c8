import { parseReference } from '../oci/reference.ts';
import type { Profile } from '../profile/profile.ts';
import type { AcceptedProvenance } from '../verify/provenance/attestation-verdict.ts';
import { type ProvenanceExpectations, parseExpectations } from '../verify/provenance/expectations.ts';
import type { VerifiedImage } from '../verify/verified-image.ts';
import { installedSubject } from './attested-subject.ts';
import { findProvenance, type ProvenanceContext } from './find-provenance.ts';
import { factsOf } from './installed-image.ts';

export type ExpectingContext = Pick<ProvenanceContext, 'source' | 'profile' | 'trustedRoot' | 'signal' | 'report'>;

/** Provenance of a verified image that says what the profile expects: of any digest of its chain. */
export async function findExpected(
  context: ExpectingContext,
  image: VerifiedImage,
  { repository, workflow }: NonNullable<Profile['provenance']>,
  more: Pick<ProvenanceExpectations, 'byRunner'> = {},
): Promise<AcceptedProvenance> {
  const { image: name, tag } = context.profile;
  const expected = { ...parseExpectations({ repository, workflow }), ...more };
  const subject = installedSubject(factsOf(image, tag));
  return (await findProvenance(context, parseReference(name), subject, expected)).accepted;
}
