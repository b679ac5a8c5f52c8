import * as v from 'valibot';
import { type Digest, isDigest } from './digest.ts';

/** A pointer to content: what it is, how long, and its digest (OCI image-spec, descriptor.md). Sizes are bytes. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

export const mediaTypes = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  simpleSigning: 'application/vnd.dev.cosign.simplesigning.v1+json',
  dsseEnvelope: 'application/vnd.dsse.envelope.v1+json',
} as const;

export const digestSchema = v.custom<Digest>(isDigest, 'expected a digest sha256:<64 lower-case hex>');

export const sizeSchema = v.pipe(
  v.number('expected a whole number of bytes below 2^53'),
  v.check((bytes) => Number.isSafeInteger(bytes) && bytes >= 0, 'expected a whole number of bytes below 2^53'),
);

// Media types are compared exactly; RFC 6838 names are short and plain.
export const mediaTypeSchema = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9.+-]+\/[A-Za-z0-9!#$&^_.+-]{1,120}$/, 'expected a media type'),
);

/** Kept as parse-json made it, without a prototype: a key such as `constructor` is only ever data. */
export const annotationsSchema = v.custom<Readonly<Record<string, string>>>(
  isTextMap,
  'expected annotations, texts by name',
);

function isTextMap(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((text) => typeof text === 'string');
}

export const descriptorEntries = {
  mediaType: mediaTypeSchema,
  digest: digestSchema,
  size: sizeSchema,
  annotations: v.optional(annotationsSchema),
  // Foreign content: never fetched, so a descriptor that has it cannot be installed whole.
  urls: v.optional(v.pipe(v.array(v.string()), v.maxLength(0, 'urls are never fetched: refused'))),
  // Inline content is a second copy that could differ from the digest; ours come by digest only.
  data: v.optional(v.never('inline data is refused')),
} as const;

export const descriptorSchema = v.object(descriptorEntries);
