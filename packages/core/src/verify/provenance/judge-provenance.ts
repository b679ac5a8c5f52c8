import { printable } from '../../errors/printable.ts';
import type { VerifiedAttestation } from '../verified-attestation.ts';
import { readCertificateClaims } from './certificate-claims.ts';
import type { ProvenanceExpectations } from './expectations.ts';
import type { PredicateClaims } from './predicate-claims.ts';
import { claimsOfCertificate, claimsOfKey, type ProvenanceClaims } from './provenance-claims.ts';
import { ProvenanceRefusal } from './provenance-refusal.ts';
import { readSlsaV1, SLSA_V1 } from './slsa-v1.ts';
import { readSlsaV02, SLSA_V02 } from './slsa-v02.ts';

const readers: Readonly<Record<string, (predicate: unknown) => PredicateClaims>> = {
  [SLSA_V02]: readSlsaV02,
  [SLSA_V1]: readSlsaV1,
};

/** Whether an attestation is provenance at all: others (an SBOM, a scan) are listed and never counted. */
export function isProvenance({ predicateType }: VerifiedAttestation): boolean {
  return Object.hasOwn(readers, predicateType);
}

/** Holds one verified provenance attestation against what was expected. Throws `ProvenanceRefusal`, else it satisfies all of it. */
export function judgeProvenance(
  { predicateType, predicate, signer }: VerifiedAttestation,
  expected: ProvenanceExpectations,
): ProvenanceClaims {
  const read = Object.hasOwn(readers, predicateType) ? readers[predicateType] : undefined;
  if (!read) throw new ProvenanceRefusal('predicate', 'SLSA provenance', predicateType);
  const said = read(predicate);
  if (expected.byRunner && signer.kind === 'key')
    throw new ProvenanceRefusal('certificate', 'one of whoever built it', `the profile’s key ${signer.key}`);
  const claims =
    signer.kind === 'key'
      ? claimsOfKey(said, expected)
      : claimsOfCertificate(readCertificateClaims(signer.certificate), said, expected);
  for (const claim of ['repository', 'workflow', 'branch', 'tag', 'commit'] as const) {
    const wanted = expected[claim];
    if (wanted !== undefined && wanted !== claims[claim])
      throw new ProvenanceRefusal(claim, printable(wanted), claims[claim] ?? refOf(claim, claims));
  }
  return claims;
}

/** A build starts from a branch or from a tag: where the other was expected, that is what there is to tell. */
function refOf(claim: string, { branch, tag }: ProvenanceClaims): string | undefined {
  if (claim === 'branch') return `the tag ${tag}`;
  return claim === 'tag' ? `the branch ${branch}` : undefined;
}
