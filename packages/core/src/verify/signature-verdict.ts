import type { Digest } from '../oci/digest.ts';
import type { CertificateIdentity } from '../trust/trusted-identity.ts';

/** Why a signature does not count. `--json` prints the key, people read the sentence. */
export const refusalReasons = {
  'signature-foreign': 'signed by a key that this profile does not trust',
  'signature-malformed': 'the signature is not canonical base64',
  'signature-mismatch': 'the signature does not match its payload',
  'payload-malformed': 'the payload is not one of cosign’s simple signing documents',
  'payload-other-type': 'the payload is not about a container image signature',
  'payload-other-digest': 'the payload names another digest',
  'payload-other-image': 'the payload names another image',
  'log-entry-missing': 'no transparency log entry came with it',
  'log-entry-malformed': 'the transparency log entry is malformed',
  'log-entry-mismatch': 'the transparency log entry is not about this key, signature and payload',
  'log-unknown': 'the transparency log is not one that this profile trusts',
  'log-key-expired': 'the log’s key was not valid at the time of the entry',
  'log-promise-invalid': 'the log did not sign this entry (signed entry timestamp)',
  'log-proof-invalid': 'the entry is not proven to be in the log (inclusion proof, checkpoint)',
  'log-entry-unsupported': 'log entries of this kind are not supported',
  'bundle-malformed': 'the Sigstore bundle is malformed',
  'bundle-key-not-dedicated':
    'a bundle made with a key names no image: it counts only where the profile says that its keys sign nothing else (dedicatedKeys)',
  'bundle-needs-document': 'it signs the bytes of the manifest, which are not at hand',
  'statement-malformed': 'the signed statement is not an in-toto statement',
  'statement-other-type': 'the signed statement is not an image signature',
  'statement-other-digest': 'the signed statement is about another digest',
  'authority-unknown': 'the signing certificate is by an authority that is not trusted here',
  'certificate-invalid': 'the signing certificate does not hold',
  'timestamp-invalid': 'nothing that is trusted tells when the certificate was used, or one timestamp does not hold',
} as const;

export type RefusalReason = keyof typeof refusalReasons;

/** A log's word on a signature; each number comes from verified bytes, and is absent where nothing vouches for it. */
export interface LogEntry {
  /** Log ID, hex. */
  readonly id: string;
  /** Of Rekor v1: the one in all shards, which only a promise (SET) binds. Of Rekor v2: the one in this log. */
  readonly index?: number;
  /** Of Rekor v1: the promise's. Else the earliest of the trusted timestamps. */
  readonly time?: Date;
}

/** Who signed: a key's fingerprint, or whom the certificate names. */
export type Signer =
  | { readonly key: string; readonly identity?: never }
  | { readonly identity: CertificateIdentity; readonly key?: never };

export type AcceptedSignature = {
  readonly verdict: 'accepted';
  readonly digest: Digest;
  /** Absent only where the trust says that no entry is required. */
  readonly log?: LogEntry;
} & Signer;

export interface RefusedSignature {
  readonly verdict: 'foreign' | 'invalid';
  readonly digest: Digest;
  readonly reason: RefusalReason;
  /** More on the reason, such as the image that the payload names; escaped for printing. */
  readonly detail?: string;
}

/** One per signature that was looked at, kept for `--json` and `--debug`. */
export type SignatureVerdict = AcceptedSignature | RefusedSignature;

/** Thrown inside a signature's verification, caught where its verdict is made. */
export class SignatureRefusal extends Error {
  readonly reason: RefusalReason;
  readonly detail: string | undefined;

  constructor(reason: RefusalReason, detail?: string, cause?: unknown) {
    super(refusalReasons[reason], { cause });
    this.reason = reason;
    this.detail = detail;
  }
}
