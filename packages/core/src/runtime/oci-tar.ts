import { CodedError } from '../errors/coded-error.ts';
import { type Descriptor, mediaTypes } from '../oci/descriptor.ts';
import { type Digest, hexOf } from '../oci/digest.ts';
import { formatReference, parseReference } from '../oci/reference.ts';
import { tarEnd, tarHeader, tarPadding } from './tar-header.ts';
import type { VerifiedStream } from './verified-stream.ts';

export interface OciTarOptions {
  /** Adds Docker's `manifest.json` over the same blobs, for Docker's classic store. Podman would fall back to it: not there. */
  readonly withDockerManifest?: boolean;
  /** Content bytes that went out so far: blobs only, as `TransferOptions.onBytes` counts. */
  readonly onBytes?: (bytes: number) => void;
  /** Each chunk is done with when the next one is asked for (`VerifiedStream.blobs`). */
  readonly isTransient?: boolean;
}

/** A file of an image layout; its path is relative, in OCI's words. */
export interface LayoutFile {
  readonly path: string;
  readonly size: number;
  readonly content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/**
 * A verified image as the files of an OCI image layout (image-layout.md), in the order in which they may be written:
 * blobs first, each hashed while it is read; only when every one was right come manifest and index, then `oci-layout` and
 * `index.json`, without which no engine finds an image. A wrong blob throws before any of these. The signed index is there
 * as it is, though only one platform's blobs are: so its digest stays known to the engine. Each is read to its end, in turn.
 */
export async function* ociLayout(
  stream: VerifiedStream,
  name: string,
  { withDockerManifest = false, onBytes, isTransient = false }: OciTarOptions = {},
): AsyncGenerator<LayoutFile> {
  const fullName = requireFullName(name);
  let sent = 0;
  const counted = async function* (content: AsyncIterable<Uint8Array>) {
    // Neither too long nor too short: the stream throws before a byte more than `size`, and at the end of less.
    for await (const chunk of content) {
      yield chunk;
      sent += chunk.length;
      onBytes?.(sent);
    }
  };
  for await (const { descriptor, content } of stream.blobs({ isTransient }))
    yield { path: blobPath(descriptor.digest), size: descriptor.size, content: counted(content) };
  const roots = stream.roots();
  for (const { descriptor, bytes } of roots) yield fileOf(blobPath(descriptor.digest), bytes);
  const root = roots.at(-1)?.descriptor;
  if (!root) throw new TypeError('a verified image has at least a manifest');
  yield fileOf('oci-layout', json({ imageLayoutVersion: '1.0.0' }));
  if (withDockerManifest) yield fileOf('manifest.json', json(dockerManifest(stream, fullName)));
  yield fileOf('index.json', json(layoutIndex(root, fullName)));
}

/** The same as a tar, written as it is read; the end mark comes last. */
export async function* ociTar(
  stream: VerifiedStream,
  name: string,
  options?: OciTarOptions,
): AsyncIterable<Uint8Array> {
  for await (const { path, size, content } of ociLayout(stream, name, options)) {
    yield tarHeader(path, size);
    yield* content;
    yield tarPadding(size);
  }
  yield tarEnd();
}

function fileOf(path: string, bytes: Uint8Array): LayoutFile {
  return { path, size: bytes.length, content: [bytes] };
}

/** Podman reads the name from the first annotation, containerd from the second. */
function layoutIndex({ mediaType, digest, size }: Descriptor, name: string): object {
  const annotations = { 'org.opencontainers.image.ref.name': name, 'io.containerd.image.name': name };
  return {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: [{ mediaType, digest, size, annotations }],
  };
}

function dockerManifest({ image }: VerifiedStream, name: string): object {
  const { config, layers } = image.manifest;
  return [
    {
      Config: blobPath(config.digest),
      RepoTags: [name],
      Layers: layers.map(({ digest }) => blobPath(digest)),
    },
  ];
}

/** A short name becomes another one in every engine (`localhost/name`, `docker.io/library/name`). */
function requireFullName(name: string): string {
  const reference = parseReference(name);
  if (reference.tag !== undefined && reference.digest === undefined && formatReference(reference) === name) return name;
  throw new CodedError('REFERENCE_INVALID', `expected a full name with a tag and no digest, got ${name}`);
}

function blobPath(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

function json(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
