import { mediaTypes } from '../oci/descriptor.ts';
import { type Digest, digestOf, hexOf } from '../oci/digest.ts';
import type { TestContent, TestDocument } from './test-image.ts';
import type { TestRegistry } from './test-registry.ts';

/** Any signature with these parts; `bundle` is written as JSON, or as it is where it is text already. */
export interface PublishedSignature {
  readonly payload: Uint8Array;
  readonly signature: string;
  readonly bundle?: unknown;
}

/** The `.sig` manifest with the blobs that it points to, laid out as cosign does: one layer per signature. */
export function signatureManifest(
  signatures: readonly PublishedSignature[],
): TestDocument & { readonly blobs: readonly TestContent[] } {
  const payloads = signatures.map(({ payload }) => ({ digest: digestOf(payload), bytes: payload }));
  const config = Buffer.from(
    JSON.stringify({
      architecture: '',
      created: '0001-01-01T00:00:00Z',
      history: signatures.map(() => ({ created: '0001-01-01T00:00:00Z' })),
      os: '',
      rootfs: { type: 'layers', diff_ids: payloads.map(({ digest }) => digest) },
      config: {},
    }),
  );
  const layers = signatures.map(({ payload, signature, bundle }) => ({
    mediaType: mediaTypes.simpleSigning,
    size: payload.length,
    digest: digestOf(payload),
    annotations: {
      'dev.cosignproject.cosign/signature': signature,
      ...(bundle !== undefined && {
        'dev.sigstore.cosign/bundle': typeof bundle === 'string' ? bundle : JSON.stringify(bundle),
      }),
    },
  }));
  const mediaType = mediaTypes.ociManifest;
  const configDescriptor = { mediaType: mediaTypes.ociConfig, size: config.length, digest: digestOf(config) };
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config: configDescriptor, layers }));
  return {
    mediaType,
    digest: digestOf(bytes),
    bytes,
    blobs: [{ digest: digestOf(config), bytes: config }, ...payloads],
  };
}

/** Puts the signatures of a digest under its `.sig` tag, in place of those that were there. */
export function publishSignatures(
  registry: TestRegistry,
  repository: string,
  digest: Digest,
  signatures: readonly PublishedSignature[],
): void {
  const { bytes, mediaType, blobs } = signatureManifest(signatures);
  for (const blob of blobs) registry.putBlob(repository, blob.bytes);
  registry.putManifest(repository, bytes, mediaType, signatureTag(digest));
}

/** Cosign's tag for the signatures of a digest. */
export function signatureTag(digest: Digest): string {
  return `sha256-${hexOf(digest)}.sig`;
}
