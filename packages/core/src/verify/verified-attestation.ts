import type { Digest } from '../oci/digest.ts';
import type { LogEntry } from './signature-verdict.ts';

/** Evidence that someone attests something of a digest: made by `verifyAttestation` alone. Whether to believe the signer is policy. */
export interface VerifiedAttestation {
  /** The attested digest. */
  readonly digest: Digest;
  /** The in-toto statement's `_type`, URI. */
  readonly statementType: string;
  /** URI. */
  readonly predicateType: string;
  /** As parse-json returned it: signed, and of no known shape. */
  readonly predicate: unknown;
  readonly signer: AttestationSigner;
  readonly log?: LogEntry;
}

export type AttestationSigner =
  | { readonly kind: 'key'; readonly key: string }
  /** Verified up to a certificate authority of the trusted root, with a certificate-log timestamp, valid at the entry's time. DER. */
  | { readonly kind: 'certificate'; readonly certificate: Uint8Array };
