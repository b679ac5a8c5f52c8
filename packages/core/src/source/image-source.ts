import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageReference } from '../oci/reference.ts';
import type { BundleDocument } from '../verify/bundle-document.ts';
import type { LegacyAttestation } from '../verify/legacy-attestation.ts';
import type { LegacySignature } from '../verify/legacy-signature.ts';

/** A place that images come from: a registry, a mirror, an archive. Nothing that it says is believed. */
export interface ImageSource {
  /** Where this is, for people and messages: a URL or a file. Holds no secret. */
  readonly location: string;

  /**
   * The digest that a tag points to now, as the source claims it; the only place where a tag is read.
   * Throws IMAGE_NOT_FOUND, REGISTRY_UNREACHABLE, REGISTRY_DENIED, REGISTRY_ANSWER_INVALID.
   */
  resolve(reference: ImageReference, options?: SourceOptions): Promise<Digest>;

  /** Content by digest, unverified: only read-verified.ts calls this. `kind` tells where a registry keeps it. */
  fetch(content: WantedContent, options?: FetchOptions): AsyncIterable<Uint8Array>;

  /**
   * Legacy signatures of a digest (tag `sha256-<hex>.sig`). An empty list says "this source has none"; a look-up that
   * failed throws and is never read as "none".
   */
  findSignatures(image: ImageReference, digest: Digest, options?: SourceOptions): Promise<readonly LegacySignature[]>;

  /**
   * Sigstore bundles whose manifest names the digest as its `subject` (OCI 1.1 referrers): image signatures and
   * attestations, which only their payloads tell apart. "None" and failure as in `findSignatures`.
   */
  findBundles(image: ImageReference, digest: Digest, options?: SourceOptions): Promise<readonly BundleDocument[]>;

  /** Cosign's legacy attestations of a digest (tag `sha256-<hex>.att`). "None" and failure as in `findSignatures`. */
  findAttestations(
    image: ImageReference,
    digest: Digest,
    options?: SourceOptions,
  ): Promise<readonly LegacyAttestation[]>;

  /**
   * The places that content comes from, each by itself and most wanted first: for whoever proves content before it is
   * used, and so can go on at another place. Absent where there is only `fetch`.
   */
  readonly origins?: readonly ContentOrigin[];
}

/** One place of a source, which can begin where an earlier fetch ended. As unverified as `fetch`. */
export interface ContentOrigin {
  readonly location: string;
  /** The bytes of the content from number `from` on. */
  fetchFrom(content: WantedContent, from: number, options?: FetchOptions): AsyncIterable<Uint8Array>;
}

/** What to fetch, and no byte more: `size` where it is known, `limit` always (bytes). */
export interface WantedContent {
  readonly kind: 'manifest' | 'blob';
  readonly repository: string;
  readonly digest: Digest;
  readonly size?: Descriptor['size'];
  readonly limit: number;
}

export interface SourceOptions {
  readonly signal?: AbortSignal;
}

export interface FetchOptions extends SourceOptions {
  /** A chunk is good until the next but one is asked for: then its memory may be given back, or used again. */
  readonly isTransient?: boolean;
}
