import type { Digest } from '../oci/digest.ts';
import type { BundleDocument } from './bundle-document.ts';
import { IN_TOTO_PAYLOAD, parseStatement, requireSubject } from './in-toto-statement.ts';
import type { LegacyAttestation } from './legacy-attestation.ts';
import { legacyEnvelope } from './legacy-envelope.ts';
import { parseBundleDocument } from './parse-bundle.ts';
import { type RefusalReason, SignatureRefusal } from './signature-verdict.ts';
import type { VerifiedAttestation } from './verified-attestation.ts';
import { type BundleTrust, verifySignedBundle } from './verify-signed-bundle.ts';

/** An attestation as found: a Sigstore bundle, or cosign's legacy form. */
export type FoundAttestation = BundleDocument | LegacyAttestation;

/** Why one that was found is no evidence. */
export interface RefusedAttestation {
  readonly reason: RefusalReason;
  readonly detail?: string;
}

export interface AttestationVerdicts {
  readonly verified: readonly VerifiedAttestation[];
  readonly refused: readonly RefusedAttestation[];
}

/** Holds each that was found for a digest against the trust. Whose word counts, and for what, is the caller's policy. */
export function verifyAttestations(
  found: readonly FoundAttestation[],
  digest: Digest,
  trust: BundleTrust,
): AttestationVerdicts {
  const verified: VerifiedAttestation[] = [];
  const refused: RefusedAttestation[] = [];
  for (const attestation of found) {
    try {
      verified.push(verifyAttestation(attestation, digest, trust));
    } catch (error) {
      if (!(error instanceof SignatureRefusal)) throw error;
      refused.push({ reason: error.reason, ...(error.detail && { detail: error.detail }) });
    }
  }
  return { verified, refused };
}

function verifyAttestation(found: FoundAttestation, digest: Digest, trust: BundleTrust): VerifiedAttestation {
  const isLegacy = 'envelope' in found;
  const bundle = isLegacy ? legacyEnvelope(found) : parseBundleDocument(found);
  if (bundle.content.$case !== 'dsseEnvelope') throw new SignatureRefusal('statement-other-type');
  const { payload, payloadType } = bundle.content.dsseEnvelope;
  if (payloadType !== IN_TOTO_PAYLOAD) throw new SignatureRefusal('statement-other-type');
  const { signer, log } = verifySignedBundle(bundle, trust, isLegacy ? { envelope: found.envelope } : {});
  const statement = parseStatement(payload);
  requireSubject(statement, digest);
  return {
    digest,
    statementType: statement._type,
    predicateType: statement.predicateType,
    predicate: statement.predicate,
    signer:
      'trusted' in signer
        ? { kind: 'key', key: signer.trusted.fingerprint }
        : { kind: 'certificate', certificate: signer.certificate },
    ...(log && { log }),
  };
}
