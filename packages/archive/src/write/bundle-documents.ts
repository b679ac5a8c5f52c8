import { digestOf, type FetchedBundles, mediaTypes } from '@dangerzone-image/core';
import type { Document } from './cosign-signatures.ts';

const EMPTY_TYPE = 'application/vnd.oci.empty.v1+json';

/**
 * The bundles about a document of the image, each with a manifest that names it (OCI image-spec 1.1, manifest.md,
 * "subject"), made anew: the registry's own carries annotations that nobody signed, and lists differ in order.
 */
export function bundleDocuments(subject: Document, found: readonly FetchedBundles[]): readonly Document[] {
  return found
    .filter(({ about }) => about === subject.digest)
    .flatMap(({ bundles }) => bundles)
    .flatMap(({ mediaType, bytes }) =>
      // One whose version is in doubt counts nowhere, and stays behind.
      mediaType === undefined ? [] : [withManifest(subject, toDocument(mediaType, bytes))],
    )
    .sort(([left], [right]) => (left.digest < right.digest ? -1 : 1))
    .flat();
}

function withManifest(subject: Document, bundle: Document): readonly [Document, Document, Document] {
  const config = toDocument(EMPTY_TYPE, Buffer.from('{}'));
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    artifactType: bundle.mediaType,
    config: descriptorOf(config),
    layers: [descriptorOf(bundle)],
    subject: descriptorOf(subject),
  };
  return [toDocument(mediaTypes.ociManifest, Buffer.from(JSON.stringify(manifest))), config, bundle];
}

function descriptorOf({ mediaType, digest, bytes }: Document): object {
  return { mediaType, digest, size: bytes.length };
}

function toDocument(mediaType: string, bytes: Uint8Array): Document {
  return { mediaType, digest: digestOf(bytes), bytes };
}
