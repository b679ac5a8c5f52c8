import type { TrustMaterial } from '@sigstore/verify';
import type { TrustedKey } from './public-key.ts';

/** A log whose word counts. `id` is SHA-256 of its public key (DER), hex: Rekor v1's log ID. */
export interface TransparencyLog {
  readonly id: string;
  /** Known by its key alone, from the profile: what SIGSTORE_REKOR_PUBLIC_KEY may replace. */
  readonly isPinned: boolean;
  readonly authority: TrustMaterial['tlogs'][number];
}

/** A log known by nothing but its pinned key: no base URL, valid at any time. */
export function pinnedLog(key: TrustedKey): TransparencyLog {
  return {
    id: key.fingerprint,
    isPinned: true,
    authority: {
      logID: Buffer.from(key.fingerprint, 'hex'),
      baseURL: '',
      publicKey: key.keyObject,
      validFor: { start: new Date(0), end: new Date(8.64e15) },
    },
  };
}
