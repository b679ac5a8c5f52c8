import { CodedError } from '../../errors/coded-error.ts';
import type { Digest } from '../../oci/digest.ts';
import type { VerifiedAttestation } from '../verified-attestation.ts';
import type { AttestationVerdicts, FoundAttestation } from '../verify-attestations.ts';
import type { AcceptedProvenance, AttestationVerdict } from './attestation-verdict.ts';
import { readCertificateClaims } from './certificate-claims.ts';
import type { ProvenanceExpectations } from './expectations.ts';
import { isProvenance, judgeProvenance } from './judge-provenance.ts';
import { ProvenanceRefusal } from './provenance-refusal.ts';
import { refusedProvenance } from './refused-provenance.ts';

/** What was found for one digest, and for no other. */
export interface FoundAttestations {
  readonly digest: Digest;
  readonly documents: readonly FoundAttestation[];
}

export interface ProvenanceCheck {
  /** What it is about, for messages. */
  readonly where: string;
  readonly expected: ProvenanceExpectations;
  /** Holds signatures, certificates, log entries, statements and subjects against the trust. */
  readonly verify: (documents: readonly FoundAttestation[], digest: Digest) => AttestationVerdicts;
}

/** Evidence that at least one attestation satisfies every expectation: made by `verifyProvenance` alone. */
export interface VerifiedProvenance {
  readonly accepted: AcceptedProvenance;
  /** Every attestation that was looked at. */
  readonly verdicts: readonly AttestationVerdict[];
}

/** More than this are refused unread: each costs several public-key operations. */
const MAX_ATTESTATIONS = 100;

/** Holds all attestations found against the expectations: evidence, or an error that names the claim. */
export function verifyProvenance(found: readonly FoundAttestations[], check: ProvenanceCheck): VerifiedProvenance {
  const count = found.reduce((sum, { documents }) => sum + documents.length, 0);
  if (count > MAX_ATTESTATIONS) {
    const what = `${count} attestations: at most ${MAX_ATTESTATIONS} are read`;
    throw new CodedError('LIMIT_EXCEEDED', `${check.where} has ${what}`);
  }
  const verdicts = found.flatMap(({ digest, documents }) => judgeAll(documents, digest, check));
  const accepted = verdicts.find((verdict): verdict is AcceptedProvenance => verdict.verdict === 'accepted');
  if (!accepted) throw refusedProvenance(check.where, verdicts);
  return Object.freeze({ accepted, verdicts });
}

function judgeAll(
  documents: readonly FoundAttestation[],
  digest: Digest,
  { verify, expected }: ProvenanceCheck,
): AttestationVerdict[] {
  const { verified, refused } = verify(documents, digest);
  return [
    ...verified.map((attestation) => judge(attestation, expected)),
    ...refused.map(
      (refusal): AttestationVerdict =>
        // A bundle that signs bytes and no statement attests nothing: it is an image signature.
        refusal.reason === 'statement-other-type'
          ? { verdict: 'other', digest }
          : { verdict: 'invalid', digest, ...refusal },
    ),
  ];
}

function judge(attestation: VerifiedAttestation, expected: ProvenanceExpectations): AttestationVerdict {
  const { digest, predicateType, log } = attestation;
  const facts = { digest, predicateType, ...signerOf(attestation), ...(log && { log }) };
  if (!isProvenance(attestation)) return { verdict: 'other', ...facts };
  try {
    return { verdict: 'accepted', ...facts, claims: judgeProvenance(attestation, expected) };
  } catch (error) {
    if (!(error instanceof ProvenanceRefusal)) throw error;
    const { claim, expected: wanted, found, message: reason } = error;
    return { verdict: 'refused', ...facts, claim, expected: wanted, ...(found !== undefined && { found }), reason };
  }
}

/** To be told. A certificate that cannot be read is refused for that; here it just has no name. */
function signerOf({ signer }: VerifiedAttestation): Pick<AcceptedProvenance, 'identity' | 'key'> {
  if (signer.kind === 'key') return { key: signer.key };
  try {
    const { issuer, signer: subject } = readCertificateClaims(signer.certificate);
    return { identity: { issuer, subject } };
  } catch (error) {
    if (error instanceof ProvenanceRefusal) return {};
    throw error;
  }
}
