import {
  bundleLimits,
  type Descriptor,
  type Digest,
  type ImageIndex,
  type ImageManifest,
  mediaTypes,
  type Platform,
  parseManifest,
} from '@dangerzone-image/core';
import { archiveInvalid } from './archive-file.ts';
import {
  type ArchiveReader,
  asFaultOf,
  blobOf,
  blobsOf,
  placeOf,
  readDocument,
  requireBlob,
} from './archive-reader.ts';
import { readBundleManifest } from './read-bundle-manifest.ts';
import { readConfigPlatform } from './read-config-platform.ts';
import type { Listing } from './read-listing.ts';
import { readSignatures } from './read-signatures.ts';
import { requireDockerManifest } from './require-docker-manifest.ts';

/** One platform's image, in the file whole. */
export interface HeldImage {
  readonly manifest: ImageManifest;
  readonly platform: Platform;
}

export interface Contents {
  /** Index or manifest at the top of the image. */
  readonly root: ImageIndex | ImageManifest;
  readonly images: readonly HeldImage[];
  /** Raw signature manifest by the digest that its signatures are about. */
  readonly signatures: ReadonlyMap<Digest, Uint8Array>;
  /** Manifests of cosign's legacy attestations; what each is about, its statements say. */
  readonly attestations: readonly ImageManifest[];
  /** Manifests of Sigstore bundles by the digest that they name as their subject. */
  readonly bundles: ReadonlyMap<Digest, readonly Descriptor[]>;
}

/**
 * What is in the file, read top down: image, signatures, attestations, bundles. Every document is held against its digest,
 * every blob that one of them names must be there, and none may be there that nothing names.
 */
export async function readContents(reader: ArchiveReader, listing: Listing): Promise<Contents> {
  const named = new Set<Digest>();
  const listed = await readImage(reader, listing.image, listing.document);
  const images = await readImages(reader, listed);
  named.add(listed.digest);
  for (const { manifest } of images) nameAll(named, manifest);
  const signatures = await readSignatures(reader, listing, named);
  const attestations: ImageManifest[] = [];
  for (const entry of listing.attestations) attestations.push(await readAttestation(reader, entry, listing));
  for (const manifest of attestations) nameAll(named, manifest);
  const bundles = await readBundles(reader, named);
  const root = await readRoot(reader, listed, [...signatures.keys(), ...bundles.keys()]);
  named.add(root.digest);
  requireChainSigned(reader, signatures, [root, ...images.map(({ manifest }) => manifest)]);
  requireChainBundled(reader, bundles, root);
  await requireDockerManifest(reader, images);
  requireNothingElse(reader, named);
  return { root, images, signatures, attestations, bundles };
}

async function readImage(reader: ArchiveReader, descriptor: Descriptor, whoNamesIt: string) {
  const bytes = await readDocument(reader, descriptor, whoNamesIt);
  return asFaultOf(reader, blobOf(reader, descriptor.digest), () =>
    parseManifest(bytes, descriptor.digest, descriptor.mediaType),
  );
}

/**
 * The image that is listed, or the index above it: where a signature or a bundle is about that, it travels too, unlisted,
 * so that engines do not take it for a second image.
 */
async function readRoot(
  reader: ArchiveReader,
  listed: ImageIndex | ImageManifest,
  signed: readonly Digest[],
): Promise<ImageIndex | ImageManifest> {
  if (listed.kind === 'index') return listed;
  for (const digest of signed) {
    const member = digest === listed.digest ? undefined : blobOf(reader, digest);
    if (!member) continue;
    const bytes = await readDocument(reader, { digest, size: member.size }, 'a signature or bundle');
    const index = await asFaultOf(reader, member, () => parseManifest(bytes, digest));
    if (index.kind === 'index' && index.manifests.some((entry) => entry.digest === listed.digest)) return index;
    throw archiveInvalid(placeOf(reader, member), `it is signed, and is no index of ${listed.digest}`);
  }
  return listed;
}

/** Of an index those that are there; below one that is not listed, the listed image alone. Each must be whole. */
async function readImages(reader: ArchiveReader, listed: ImageIndex | ImageManifest): Promise<readonly HeldImage[]> {
  const manifests: ImageManifest[] = listed.kind === 'manifest' ? [listed] : [];
  if (listed.kind === 'index') {
    for (const entry of listed.manifests) {
      if (!blobOf(reader, entry.digest)) continue;
      const manifest = await readImage(reader, entry, `index ${listed.digest}`);
      if (manifest.kind === 'index')
        throw archiveInvalid(reader.file, `index ${listed.digest} holds another index (${manifest.digest})`);
      manifests.push(manifest);
    }
  }
  if (manifests.length === 0) throw archiveInvalid(reader.file, `it has no image of index ${listed.digest}`);
  return Promise.all(
    manifests.map(async (manifest) => ({ manifest, platform: await readConfigPlatform(reader, manifest) })),
  );
}

function nameAll(named: Set<Digest>, { digest, config, layers }: ImageManifest): void {
  for (const each of [digest, config.digest, ...layers.map((layer) => layer.digest)]) named.add(each);
}

/** A signature of something else says nothing about this image; it would only be something to be mistaken about. */
function requireChainSigned(
  reader: ArchiveReader,
  signatures: ReadonlyMap<Digest, Uint8Array>,
  chain: readonly { readonly digest: Digest }[],
): void {
  const other = [...signatures.keys()].find((digest) => !chain.some((document) => document.digest === digest));
  if (other) throw archiveInvalid(reader.file, `it has signatures of ${other}, which is not its image`);
}

async function readAttestation(reader: ArchiveReader, descriptor: Descriptor, { document }: Listing) {
  const manifest = await readImage(reader, descriptor, document);
  if (manifest.kind === 'index') throw archiveInvalid(reader.file, `attestation ${manifest.digest} is an index`);
  for (const layer of manifest.layers) requireBlob(reader, layer, `attestation ${manifest.digest}`);
  return manifest;
}

/** Of what is left, the manifests of bundles: unlisted, for engines would take them for images. Each speaks for its blobs. */
async function readBundles(
  reader: ArchiveReader,
  named: Set<Digest>,
): Promise<ReadonlyMap<Digest, readonly Descriptor[]>> {
  const found = new Map<Digest, Descriptor[]>();
  for (const { digest, member } of blobsOf(reader)) {
    const manifest = named.has(digest) ? undefined : await readBundleManifest(reader, digest, member);
    if (!manifest) continue;
    const { subject, config, layers } = manifest;
    const others = found.get(subject) ?? [];
    if (others.length === bundleLimits.count)
      throw archiveInvalid(placeOf(reader, member), `it has more than ${bundleLimits.count} bundles about ${subject}`);
    found.set(subject, [...others, { mediaType: mediaTypes.ociManifest, digest, size: member.size }]);
    for (const each of [digest, config.digest, ...layers.map((layer) => layer.digest)]) named.add(each);
  }
  return found;
}

/** As for signatures, with the platforms of the index that are not in the file: what is about them is about this image. */
function requireChainBundled(
  { file }: ArchiveReader,
  bundles: ReadonlyMap<Digest, readonly Descriptor[]>,
  root: ImageIndex | ImageManifest,
): void {
  const chain = new Set([root.digest, ...(root.kind === 'index' ? root.manifests.map(({ digest }) => digest) : [])]);
  const other = [...bundles.keys()].find((subject) => !chain.has(subject));
  if (other) throw archiveInvalid(file, `it has bundles about ${other}, which is not its image`);
}

/** Something along for the ride is something unsigned. */
function requireNothingElse(reader: ArchiveReader, named: ReadonlySet<Digest>): void {
  const stray = blobsOf(reader).find(({ digest }) => !named.has(digest));
  if (stray)
    throw archiveInvalid(
      placeOf(reader, stray.member),
      'nothing that belongs to the image names it: it must not be there',
    );
}
