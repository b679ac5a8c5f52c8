import { createHash } from 'node:crypto';
import {
  type Descriptor,
  type Digest,
  type FetchedRelease,
  hexOf,
  mediaTypes,
  tarEnd,
  tarHeader,
  tarPadding,
  type VerifiedImage,
} from '@dangerzone-image/core';
import { bundleDocuments } from './bundle-documents.ts';
import { cosignSignatures, type Document } from './cosign-signatures.ts';

/** Bytes that are known before anything is fetched, and where in the file they go. */
export interface PlacedBytes {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** A layer, and where in the file its first byte goes. */
export interface PlacedBlob {
  readonly at: number;
  readonly digest: Digest;
  readonly size: number;
}

/** An archive before a layer of it is fetched: sizes are signed, so every byte has its place, and the rest is known. */
export interface ArchivePlan {
  readonly size: number;
  readonly known: readonly PlacedBytes[];
  readonly layers: readonly PlacedBlob[];
  /** The same for the same file: the digest of all that is in it. */
  readonly id: Digest;
}

export interface ArchiveLabels {
  /** What engines are to call the image, in full; none where it was asked for by its digest. */
  readonly name?: string;
  /** The version of this tool, for those who look into the archive; nothing is decided by it. */
  readonly toolVersion: string;
  /** Files of Sigstore's TUF repository that prove a newer trusted root than the reader may have, by their names there. */
  readonly tuf?: ReadonlyMap<string, Uint8Array> | undefined;
}

const KIND = 'kind';
const COSIGN = 'dev.cosignproject.cosign';
const TOOL_VERSION = 'dangerzone-image/version';

/** Documents first, so that a reader can judge before the layers come; the layers last, in their order. */
export function planArchive(release: FetchedRelease, labels: ArchiveLabels): ArchivePlan {
  const { image } = release;
  const { images, all, documents } = describeContent(release, labels);
  const known: PlacedBytes[] = [];
  let at = 0;
  const add = (bytes: Uint8Array): void => {
    known.push({ at, bytes });
    at += bytes.length;
  };
  const addFile = (name: string, bytes: Uint8Array): void => {
    for (const part of [tarHeader(`./${name}`, bytes.length), bytes, tarPadding(bytes.length)]) add(part);
  };
  const annotations = { [TOOL_VERSION]: labels.toolVersion };
  const layout = (manifests: readonly object[]) =>
    json({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests, annotations });
  addFile('oci-layout', json({ imageLayoutVersion: '1.0.0' }));
  addFile('index.json', layout(images));
  addFile('dangerzone.json', layout(all));
  addFile('manifest.json', json(dockerManifest(image, labels)));
  for (const [name, bytes] of labels.tuf ?? []) addFile(`tuf/${name}`, bytes);
  for (const { digest, bytes } of documents) addFile(blobName(digest), bytes);

  const inDocuments = new Set(documents.map(({ digest }) => digest));
  const layers: PlacedBlob[] = [];
  for (const { digest, size } of new Map(image.manifest.layers.map((layer) => [layer.digest, layer])).values()) {
    if (inDocuments.has(digest)) continue;
    add(tarHeader(`./${blobName(digest)}`, size));
    layers.push({ at, digest, size });
    at += size;
    add(tarPadding(size));
  }
  add(tarEnd());
  return { size: at, known, layers, id: idOf(known) };
}

/**
 * What the two index files say, and the documents that they lead to. The image is the platform's manifest where that is
 * signed, else the index above it: Dangerzone's tool checks the signatures of just that digest, the first in the list,
 * and takes a list with two images for a broken one. So a signed index above the image is there unlisted, for its
 * signatures name it; one that nobody signed stays out. Bundles are unlisted too: each names what it is about.
 */
function describeContent({ image, signed, attestations, bundles }: FetchedRelease, { name }: ArchiveLabels) {
  const { index, manifest, config } = image;
  const isSigned = (digest: Digest) => signed.some((evidence) => evidence.digest === digest);
  const root = index && !isSigned(manifest.digest) ? index : manifest;
  const names = name === undefined ? {} : { [REF_NAME]: name, [CONTAINERD_NAME]: name };
  const entry = { ...describe(root), annotations: { [KIND]: `${COSIGN}/${kindOf(root)}`, ...names } };
  const [own, others] = [true, false].map((isOwn) => signed.filter(({ digest }) => (digest === root.digest) === isOwn));
  const signatures = [...(own ?? []), ...(others ?? [])].map(cosignSignatures);
  const listAs = (kind: 'sigs' | 'atts') => (documents: { readonly manifest: Document }) => ({
    ...describe(documents.manifest),
    annotations: { [KIND]: `${COSIGN}/${kind}` },
  });
  const chain: Document[] = [...(index && (root === index || isSigned(index.digest)) ? [index] : []), manifest];
  const documents: Document[] = [
    ...chain,
    ...[...signatures, ...attestations].flatMap(({ manifest, blobs }) => [manifest, ...blobs]),
    ...chain.flatMap((subject) => bundleDocuments(subject, bundles)),
    { mediaType: manifest.config.mediaType, digest: config.digest, bytes: config.bytes },
  ];
  return {
    images: [entry],
    all: [entry, ...signatures.map(listAs('sigs')), ...attestations.map(listAs('atts'))],
    documents: [...new Map(documents.map((document) => [document.digest, document])).values()],
  };
}

/** Podman reads the name from the first annotation, containerd from the second. */
const REF_NAME = 'org.opencontainers.image.ref.name';
const CONTAINERD_NAME = 'io.containerd.image.name';

function kindOf(root: VerifiedImage['manifest'] | NonNullable<VerifiedImage['index']>): 'image' | 'imageIndex' {
  return root.kind === 'index' ? 'imageIndex' : 'image';
}

function describe({ mediaType, digest, bytes }: Document): Descriptor {
  return { mediaType, digest, size: bytes.length };
}

/** For Docker's classic store, which knows no OCI layout: the same blobs, as `docker save` tells of them. */
function dockerManifest({ manifest }: VerifiedImage, { name }: ArchiveLabels): object {
  const Layers = manifest.layers.map(({ digest }) => blobName(digest));
  return [{ Config: blobName(manifest.config.digest), RepoTags: name === undefined ? null : [name], Layers }];
}

/** Headers name each layer by digest and size, so the known bytes stand for all. */
function idOf(known: readonly PlacedBytes[]): Digest {
  const hash = createHash('sha256');
  for (const { bytes } of known) hash.update(bytes);
  return `sha256:${hash.digest('hex')}`;
}

function blobName(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

function json(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
