import { codeOf, type Digest, type ImageManifest, isDigest, parseJson, parseManifest } from '@dangerzone-image/core';
import { type ArchiveReader, asFaultOf, MAX_DOCUMENT_BYTES, readDocument, requireBlob } from './archive-reader.ts';
import type { Member } from './index-members.ts';

const BUNDLE = /^application\/vnd\.dev\.sigstore\.bundle\.v0\.[123]\+json$/;

/**
 * A blob that nothing lists, read as the manifest of a Sigstore bundle (OCI image-spec, manifest.md, "subject"): its
 * subject must be a digest of the image. Undefined for what is none.
 */
export async function readBundleManifest(
  reader: ArchiveReader,
  digest: Digest,
  member: Member,
  chain: ReadonlySet<Digest>,
): Promise<ImageManifest | undefined> {
  if (member.size > MAX_DOCUMENT_BYTES) return undefined;
  const bytes = await readDocument(reader, { digest, size: member.size }, 'the layout');
  if (bytes[0] !== 0x7b) return undefined; // no JSON object
  const subject = subjectOf(bytes);
  if (subject === undefined || !chain.has(subject)) return undefined;
  const manifest = await asFaultOf(reader, member, () => parseManifest(bytes, digest));
  if (manifest.kind === 'index' || !manifest.layers.every(({ mediaType }) => BUNDLE.test(mediaType))) return undefined;
  for (const layer of manifest.layers) requireBlob(reader, layer, `bundle manifest ${digest}`);
  return manifest;
}

function subjectOf(bytes: Uint8Array): Digest | undefined {
  let value: unknown;
  try {
    value = parseJson(bytes, { where: 'a blob', code: 'MANIFEST_INVALID' });
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return undefined; // whatever it is, it is no manifest, and so has no place here
  }
  const { subject } = (value ?? {}) as { subject?: { digest?: unknown } };
  return isDigest(subject?.digest) ? subject.digest : undefined;
}
