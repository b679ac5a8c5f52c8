import type { Digest } from '../oci/digest.ts';
import type { TrustedKey } from '../trust/public-key.ts';
import type { Trust } from '../trust/trust.ts';
import { acceptLegacySignature } from '../verify/accept-legacy-signature.ts';
import type { LegacySignature } from '../verify/legacy-signature.ts';
import { SignatureRefusal } from '../verify/signature-verdict.ts';

/**
 * Does this signature count by this key alone? To decide what is kept, never what is trusted. Where the user replaced
 * the log's key, one made under the pinned key is still good evidence: only the log is unknown, so it stays.
 */
export function counts(signature: LegacySignature, key: TrustedKey, digest: Digest, trust: Trust): boolean {
  try {
    acceptLegacySignature(signature, digest, { ...trust, keys: [key], threshold: 1 });
    return true;
  } catch (error) {
    if (!(error instanceof SignatureRefusal)) throw error;
    return error.reason === 'log-unknown' || error.reason === 'log-key-expired';
  }
}
