import { parseReference } from '../oci/reference.ts';
import { parseExpectations } from '../verify/provenance/expectations.ts';
import type { VerifiedImage } from '../verify/verified-image.ts';
import { installedSubject } from './attested-subject.ts';
import { findProvenance } from './find-provenance.ts';
import { factsOf } from './installed-image.ts';
import type { OnlineContext } from './verb-context.ts';

/**
 * Where the profile demands it, a signed image must come with provenance, too, and one that its builder signed for: then a
 * publisher's key alone, in whosever hands, installs nothing.
 */
export async function demandProvenance(
  context: Pick<OnlineContext, 'source' | 'profile' | 'signal' | 'report'>,
  image: VerifiedImage,
): Promise<void> {
  const { image: name, tag, provenance, provenanceRoot: trustedRoot } = context.profile;
  if (!provenance?.required) return;
  const { repository, workflow } = provenance;
  const expected = parseExpectations({ repository, workflow });
  const subject = installedSubject(factsOf(image, tag));
  const asked = { ...context, ...(trustedRoot && { trustedRoot }) };
  await findProvenance(asked, parseReference(name), subject, { ...expected, byRunner: true });
}
