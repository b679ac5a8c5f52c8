/**
 * A signature in cosign's legacy form, as found and not yet believed: "simple signing" payload, base64 signature and
 * Rekor v1 entry. The same three come from a registry's `.sig` manifest, a stored file and an archive.
 */
export interface LegacySignature {
  readonly payload: Uint8Array;
  /** Base64 text of the signature over `payload`. */
  readonly signature: string;
  /** Cosign's `RekorBundle` as parse-json returned it; undefined where none came. */
  readonly bundle: unknown;
}
