import { existsSync, readFileSync } from 'node:fs';
import { mediaTypes } from '../oci/descriptor.ts';
import { type Digest, digestOf, hexOf } from '../oci/digest.ts';
import type { TestRegistry } from './test-registry.ts';

interface LayoutEntry {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * Pushes an OCI image layout, as a publisher would: what a manifest names goes before it, tags are those of `index.json`.
 * `blobs` is where its content lies, for layouts that share one. A layer that is not there is left out.
 */
export function publishLayout(
  registry: Pick<TestRegistry, 'putBlob' | 'putManifest'>,
  repository: string,
  folder: URL,
  blobs: URL = new URL('blobs/', folder),
): void {
  const pathOf = (digest: Digest) => new URL(`sha256/${hexOf(digest)}`, blobs);
  const read = (digest: Digest): Buffer => {
    const bytes = readFileSync(pathOf(digest));
    if (digestOf(bytes) !== digest) throw new TypeError(`${pathOf(digest)} does not have its digest`);
    return bytes;
  };
  const push = ({ mediaType, digest, annotations }: LayoutEntry): void => {
    const bytes = read(digest);
    const { manifests = [], config, layers = [] } = JSON.parse(bytes.toString());
    for (const entry of manifests) push(entry);
    for (const content of config ? [config, ...layers] : []) {
      if (existsSync(pathOf(content.digest))) registry.putBlob(repository, read(content.digest));
    }
    registry.putManifest(repository, bytes, mediaType, annotations?.['org.opencontainers.image.ref.name']);
  };
  const { manifests } = JSON.parse(readFileSync(new URL('index.json', folder)).toString());
  for (const entry of manifests as readonly LayoutEntry[])
    push({ ...entry, mediaType: entry.mediaType ?? mediaTypes.ociManifest });
}
