import { CodedError, codeOf } from '../errors/coded-error.ts';
import { type Digest, hexOf } from '../oci/digest.ts';
import { MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.ts';
import type { ImageReference } from '../oci/reference.ts';
import type { ImageSource, SourceOptions } from './image-source.ts';
import { readVerified } from './read-verified.ts';

/** Content by its digest and nothing more: whoever made it is not looked at. */
export interface RawDocument {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

/** An attestation manifest and what it points to. Nobody verified what is attested: to be carried, not to be believed. */
export interface RawAttestations {
  readonly manifest: RawDocument;
  readonly blobs: readonly RawDocument[];
}

/** Of all attestations of a digest together: they are held in memory. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_BLOBS = 50;

/** Cosign's legacy attestations (tag `sha256-<hex>.att`); nothing where there is no such tag. */
export async function fetchAttestations(
  source: ImageSource,
  reference: ImageReference,
  digest: Digest,
  options?: SourceOptions,
): Promise<RawAttestations | undefined> {
  const { registry, repository, name } = reference;
  const tag = `sha256-${hexOf(digest)}.att`;
  const where = `attestation manifest ${name}:${tag}`;
  const found = await source.resolve({ registry, repository, name, tag }, options).catch((error: unknown) => {
    if (codeOf(error) === 'IMAGE_NOT_FOUND') return undefined;
    throw error;
  });
  if (found === undefined) return undefined;
  const wanted = { kind: 'manifest', repository, digest: found, limit: MAX_MANIFEST_BYTES } as const;
  const bytes = await readVerified(source, wanted, options);
  const manifest = parseManifest(bytes, where);
  if (manifest.kind === 'index') throw new CodedError('MANIFEST_INVALID', `${where} is an index: expected a manifest`);
  const all = [manifest.config, ...manifest.layers];
  const size = all.reduce((sum, descriptor) => sum + descriptor.size, 0);
  if (size > MAX_BYTES || all.length > MAX_BLOBS) {
    const what = `${all.length} blobs of ${size} bytes`;
    throw new CodedError('LIMIT_EXCEEDED', `${where} has ${what}: at most ${MAX_BLOBS} of ${MAX_BYTES} are read`);
  }
  if (all.some(({ size }) => size === 0)) throw new CodedError('MANIFEST_INVALID', `${where} names an empty blob`);
  const blobs: RawDocument[] = [];
  for (const { mediaType, digest, size } of all) {
    const blob = { kind: 'blob', repository, digest, size, limit: MAX_BYTES } as const;
    blobs.push({ mediaType, digest, bytes: await readVerified(source, blob, options) });
  }
  return { manifest: { mediaType: manifest.mediaType, digest: manifest.digest, bytes }, blobs };
}
