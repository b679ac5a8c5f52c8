import type { Trust } from '../../trust/trust.ts';
import { builtInTrustedRoot, type TrustedRoot } from '../../trust/trusted-root.ts';
import { verifyAttestations } from '../verify-attestations.ts';
import type { ProvenanceCheck } from './verify-provenance.ts';

/**
 * Runners sign with certificates, and those rest on a trusted root with its logs, whatever log a profile pins for its own
 * signatures; a key's attestations rest on the profile as its signatures do. Never on a mixture of both.
 */
export function attestationVerifier(
  ofProfile: Trust,
  root: TrustedRoot = ofProfile.root ?? builtInTrustedRoot(),
): ProvenanceCheck['verify'] {
  const ofRunners = { keys: [], logs: root.logs, root };
  return (documents, digest) => {
    const verdicts = documents.map((document) => {
      const byCertificate = verifyAttestations([document], digest, ofRunners);
      const isByKey = byCertificate.refused.some(({ reason }) => reason === 'signature-foreign');
      return isByKey ? verifyAttestations([document], digest, ofProfile) : byCertificate;
    });
    return {
      verified: verdicts.flatMap(({ verified }) => verified),
      refused: verdicts.flatMap(({ refused }) => refused),
    };
  };
}
