import {
  bundleLimits,
  type Digest,
  isBundleMediaType,
  parseReferrer,
  type ReferrerManifest,
} from '@dangerzone-image/core';
import { type ArchiveReader, MAX_DOCUMENT_BYTES, readDocument, requireBlob } from './archive-reader.ts';
import type { Member } from './index-members.ts';

/**
 * A blob that nothing lists, read as the manifest of Sigstore bundles (OCI image-spec, manifest.md, "subject"). Undefined
 * for what is none. What it is about, the caller must hold against the image.
 */
export async function readBundleManifest(
  reader: ArchiveReader,
  digest: Digest,
  member: Member,
): Promise<ReferrerManifest | undefined> {
  if (member.size > MAX_DOCUMENT_BYTES) return undefined;
  const bytes = await readDocument(reader, { digest, size: member.size }, 'the layout');
  if (bytes[0] !== 0x7b) return undefined; // no JSON object
  const manifest = parseReferrer(bytes);
  if (!manifest || !isOfBundles(manifest)) return undefined;
  for (const each of [manifest.config, ...manifest.layers]) requireBlob(reader, each, `bundle manifest ${digest}`);
  return manifest;
}

/** Nothing else may come along in that form: no other kind of layer, and none that is too long to be a bundle. */
function isOfBundles({ config, layers }: ReferrerManifest): boolean {
  const bytes = layers.reduce((sum, { size }) => sum + size, 0);
  const isSmall = config.size <= MAX_DOCUMENT_BYTES && bytes <= bundleLimits.bytes;
  return layers.length > 0 && isSmall && layers.every(({ mediaType }) => isBundleMediaType(mediaType));
}
