import { mediaTypes } from '../oci/descriptor.ts';
import { type Digest, digestOf, hexOf } from '../oci/digest.ts';
import type { BundleDocument } from '../verify/bundle-document.ts';
import type { TestContent, TestDocument } from './test-image.ts';
import type { TestRegistry } from './test-registry.ts';

const EMPTY = Buffer.from('{}');

/** The manifest of a Sigstore bundle with the blobs that it points to, laid out as cosign 3 does. */
export function bundleManifest(
  subject: Digest,
  { mediaType = '', bytes: bundle }: BundleDocument,
  members: Readonly<Record<string, unknown>> = {},
): TestDocument & { readonly blobs: readonly TestContent[] } {
  const blobs = [EMPTY, bundle].map((bytes) => ({ digest: digestOf(bytes), bytes }));
  const describe = (type: string, bytes: Uint8Array) => ({
    mediaType: type,
    digest: digestOf(bytes),
    size: bytes.length,
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    artifactType: mediaType,
    config: describe('application/vnd.oci.empty.v1+json', EMPTY),
    layers: [describe(mediaType, bundle)],
    subject: { mediaType: mediaTypes.ociIndex, digest: subject, size: 1000 },
    ...members,
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  return { mediaType: mediaTypes.ociManifest, digest: digestOf(bytes), bytes, blobs };
}

/** Puts bundles about a digest, each in a manifest of its own; `tag` lists them for registries without the referrers API. */
export function publishBundles(
  registry: Pick<TestRegistry, 'putBlob' | 'putManifest'>,
  repository: string,
  subject: Digest,
  bundles: readonly BundleDocument[],
  tag?: string,
): void {
  const manifests = bundles.map((bundle) => bundleManifest(subject, bundle));
  for (const { bytes, mediaType, blobs } of manifests) {
    for (const blob of blobs) registry.putBlob(repository, blob.bytes);
    registry.putManifest(repository, bytes, mediaType);
  }
  if (tag === undefined) return;
  const list = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: manifests.map(({ mediaType, digest, bytes }) => ({ mediaType, digest, size: bytes.length })),
  };
  registry.putManifest(repository, Buffer.from(JSON.stringify(list)), mediaTypes.ociIndex, tag);
}

/** The tag under which referrers of a digest are listed (distribution-spec, "Referrers Tag Schema"). */
export function referrersTag(digest: Digest): string {
  return `sha256-${hexOf(digest)}`;
}
