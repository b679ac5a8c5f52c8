/**
 * A Sigstore bundle as found and not yet believed: the JSON document (protobuf-specs, sigstore_bundle.proto) and the media
 * type that its keeper gives it. It may hold an image signature or an attestation: only its payload tells which.
 */
export interface BundleDocument {
  /** Of the layer and manifest that hold it; the document must say the same. Undefined where they contradict each other. */
  readonly mediaType: string | undefined;
  readonly bytes: Uint8Array;
}
