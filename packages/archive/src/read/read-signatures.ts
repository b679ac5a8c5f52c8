import { type Digest, parseManifest } from '@dangerzone-image/core';
import { archiveInvalid } from './archive-file.ts';
import { type ArchiveReader, asFaultOf, blobOf, placeOf, readDocument } from './archive-reader.ts';
import { namedDigest } from './named-digest.ts';
import type { Listing } from './read-listing.ts';

const MAX_SIGNATURES = 50;

/**
 * The listed signature manifests, each by the digest that the first of its payloads is about. Where none says so, it is
 * held against the image: verification then tells what is wrong with each.
 */
export async function readSignatures(
  reader: ArchiveReader,
  { signatures, image, document }: Listing,
  named: Set<Digest>,
): Promise<ReadonlyMap<Digest, Uint8Array>> {
  const found = new Map<Digest, Uint8Array>();
  for (const descriptor of signatures) {
    const bytes = await readDocument(reader, descriptor, document);
    const member = blobOf(reader, descriptor.digest);
    const manifest = await asFaultOf(reader, member, () =>
      parseManifest(bytes, descriptor.digest, descriptor.mediaType),
    );
    const place = member ? placeOf(reader, member) : reader.file;
    if (manifest.kind === 'index') throw archiveInvalid(place, 'expected a signature manifest, got an index');
    if (manifest.layers.length > MAX_SIGNATURES)
      throw archiveInvalid(place, `it has ${manifest.layers.length} signatures: at most ${MAX_SIGNATURES} are read`);
    const payloads: Buffer[] = [];
    for (const layer of manifest.layers)
      payloads.push(await readDocument(reader, layer, `signature manifest ${descriptor.digest}`));
    const about = payloads.map(namedDigest).find((digest) => digest !== undefined) ?? image.digest;
    if (found.has(about)) throw archiveInvalid(place, `there are two signature manifests about ${about}`);
    found.set(about, bytes);
    for (const { digest } of [descriptor, manifest.config, ...manifest.layers]) named.add(digest);
  }
  return found;
}
