import type { Bundle } from '@sigstore/bundle';
import { RFC3161Timestamp } from '@sigstore/core';
import { type SignedEntity, Verifier } from '@sigstore/verify';
import type { CertificateTrust } from '../trust/certificate-trust.ts';

/**
 * The times of a bundle's RFC 3161 timestamps that a trusted authority gave for this signature. Others are left out: a
 * key needs none. For a certificate the library refuses the bundle when one of them does not hold.
 */
export function timestampsThatHold(bundle: Bundle, signature: Buffer, trust: CertificateTrust): readonly Date[] {
  const found = bundle.verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? [];
  return found.flatMap(({ signedTimestamp }) => timeThatHolds(Buffer.from(signedTimestamp), signature, trust) ?? []);
}

function timeThatHolds(der: Buffer<ArrayBuffer>, signature: Buffer, trust: CertificateTrust): Date | undefined {
  try {
    const timestamp = RFC3161Timestamp.parse(der);
    timestampVerifier(trust).verify(onlyStamped(timestamp, signature));
    return timestamp.signingTime;
  } catch {
    return undefined; // by an unknown authority, for another signature, or bytes that are no timestamp at all
  }
}

function timestampVerifier({ timestampAuthorities }: CertificateTrust): Verifier {
  const publicKey = () => ({ publicKey: undefined as never, validFor: () => true });
  const nothingElse = { certificateAuthorities: [], ctlogs: [], tlogs: [], publicKey };
  return new Verifier(
    { ...nothingElse, timestampAuthorities },
    { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 1 },
  );
}

/** An entity of which nothing but the timestamp is in question: the signature itself is checked with the bundle. */
function onlyStamped(timestamp: RFC3161Timestamp, signature: Buffer): SignedEntity {
  return {
    signature: {
      signature,
      compareSignature: () => false,
      compareDigest: () => false,
      compareSignedDigest: () => false,
      verifySignature: () => true,
    },
    key: { $case: 'public-key', hint: '' },
    tlogEntries: [],
    timestamps: [{ $case: 'timestamp-authority', timestamp }],
  };
}
