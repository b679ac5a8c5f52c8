import type { Digest } from '../../oci/digest.ts';
import type { LogEntry, RefusalReason } from '../signature-verdict.ts';
import type { ProvenanceClaims } from './provenance-claims.ts';
import type { ClaimName } from './provenance-refusal.ts';

/** An attestation whose signature, log entry and subject hold. */
interface VerifiedFacts {
  /** The attested digest: of this one it speaks, and of nothing near it. */
  readonly digest: Digest;
  /** URI. */
  readonly predicateType: string;
  /** Whom the certificate names, where that can be read. */
  readonly identity?: { readonly issuer: string; readonly subject: string };
  /** Fingerprint of the profile's key that signed. */
  readonly key?: string;
  readonly log?: LogEntry;
}

export interface AcceptedProvenance extends VerifiedFacts {
  readonly verdict: 'accepted';
  readonly claims: ProvenanceClaims;
}

/** Provenance of something else than was expected, or of which nobody knows what it says. */
export interface RefusedProvenance extends VerifiedFacts {
  readonly verdict: 'refused';
  readonly claim: ClaimName;
  readonly expected: string;
  /** As it stands in the attestation; absent where it says nothing. */
  readonly found?: string;
  /** One sentence of the above, escaped for printing. */
  readonly reason: string;
}

/** An SBOM, a scan, an image signature: no provenance. */
export type OtherAttestation = { readonly verdict: 'other' } & (
  | VerifiedFacts
  | { readonly digest: Digest; readonly predicateType?: never }
);

/** Its signature, certificate, log entry, statement or subject does not hold. */
export interface InvalidAttestation {
  readonly verdict: 'invalid';
  readonly digest: Digest;
  /** A key of `refusalReasons`. */
  readonly reason: RefusalReason;
  /** More on it, escaped for printing. */
  readonly detail?: string;
}

/** One per attestation that was looked at. */
export type AttestationVerdict = AcceptedProvenance | RefusedProvenance | OtherAttestation | InvalidAttestation;
