import {
  type CosignPlace,
  findCosignAttestations,
  type ImageSource,
  type LegacyAttestation,
} from '@dangerzone-image/core';
import { attestedDigests } from './attested-digests.ts';
import type { Contents } from './read-contents.ts';

/**
 * Attestations of a digest. A file has lost cosign's tags, so each one's statement tells what it is about; one that names
 * nothing of the image is held against the top of it: verification then tells what is wrong with it.
 */
export async function findAttestations(
  source: ImageSource,
  { root, images, attestations }: Contents,
  place: Omit<CosignPlace, 'readTag' | 'source'>,
): Promise<readonly LegacyAttestation[]> {
  const chain = new Set([root.digest, ...images.map(({ manifest }) => manifest.digest)]);
  const found: LegacyAttestation[] = [];
  for (const { bytes } of attestations) {
    for (const attestation of await findCosignAttestations({ ...place, source, readTag: async () => bytes })) {
      const about = attestedDigests(attestation.envelope).filter((digest) => chain.has(digest));
      if ((about.length > 0 ? about : [root.digest]).includes(place.digest)) found.push(attestation);
    }
  }
  return found;
}
