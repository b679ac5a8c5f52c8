/**
 * An attestation in cosign's legacy form, as found and not yet believed: one layer of the manifest under `sha256-<hex>.att`
 * (cosign ATTESTATION_SPEC.md) and that layer's annotations.
 */
export interface LegacyAttestation {
  /** The DSSE envelope, JSON. */
  readonly envelope: Uint8Array;
  /** PEM of the signing certificate; undefined where a key signed. */
  readonly certificate: string | undefined;
  /** Cosign's `RekorBundle` as parse-json returned it; undefined where none came. */
  readonly bundle: unknown;
}
