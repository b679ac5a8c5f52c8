import type { Digest } from '../oci/digest.ts';

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
} as const;

export type RefusalReason = keyof typeof refusalReasons;

/** A log's word on a signature; each number comes from verified bytes. */
export interface LogEntry {
  /** Log ID, hex. */
  readonly id: string;
  readonly index: number;
  readonly time: Date;
}

export interface AcceptedSignature {
  readonly verdict: 'accepted';
  readonly digest: Digest;
  /** Fingerprint of the key that signed. */
  readonly key: string;
  /** Absent only where the trust says that no entry is required. */
  readonly log?: LogEntry;
}

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
