import * as v from 'valibot';
import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import {
  annotationsSchema,
  type Descriptor,
  descriptorEntries,
  descriptorSchema,
  mediaTypeSchema,
  mediaTypes,
} from './descriptor.ts';
import { type Digest, digestOf } from './digest.ts';
import { parseJson } from './parse-json.ts';
import { parseShape } from './parse-shape.ts';
import { formatPlatform, isSamePlatform, type Platform } from './platform.ts';

/** Raw bytes are kept: an image's identity is the hash of exactly these. */
interface Document {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

/** One image for one platform (OCI image-spec, manifest.md). */
export interface ImageManifest extends Document {
  readonly kind: 'manifest';
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** The same image for several platforms (OCI image-spec, image-index.md). */
export interface ImageIndex extends Document {
  readonly kind: 'index';
  readonly manifests: readonly PlatformDescriptor[];
}

export interface PlatformDescriptor extends Descriptor {
  readonly platform?: Platform;
}

/** A manifest or an index is read whole into memory; registries accept no more than this (distribution-spec). */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const MAX_ENTRIES = 1000;
const MAX_LAYERS = 1000;

const word = v.pipe(v.string(), v.maxLength(64));
const platformSchema = v.object({ os: word, architecture: word, variant: v.optional(word) });
const indexSchema = v.object({
  schemaVersion: v.literal(2),
  mediaType: v.optional(mediaTypeSchema),
  manifests: v.pipe(
    v.array(v.object({ ...descriptorEntries, platform: v.optional(platformSchema) })),
    v.maxLength(MAX_ENTRIES, `expected at most ${MAX_ENTRIES} entries`),
  ),
});
const manifestSchema = v.object({
  schemaVersion: v.literal(2),
  mediaType: v.optional(mediaTypeSchema),
  config: descriptorSchema,
  layers: v.pipe(v.array(descriptorSchema), v.maxLength(MAX_LAYERS, `expected at most ${MAX_LAYERS} layers`)),
  annotations: v.optional(annotationsSchema),
});

/** What the document says it is must be what it is and what its descriptor promised: no byte reads as two things. */
export function parseManifest(bytes: Uint8Array, where: string, promised?: string): ImageManifest | ImageIndex {
  const place = { where, code: 'MANIFEST_INVALID' } as const;
  const value = parseJson(bytes, place);
  refuseOtherSpellings(value, where);
  const has = (key: string) => typeof value === 'object' && value !== null && Object.hasOwn(value, key);
  if (has('manifests') === (has('layers') || has('config'))) {
    throw new CodedError('MANIFEST_INVALID', `${where} is not plainly an image manifest or an image index`, {
      suggestions: ['Publish the image in OCI or Docker schema 2 format.'],
    });
  }
  return has('manifests') ? toIndex(bytes, value, where, promised) : toManifest(bytes, value, where, promised);
}

const MEMBERS = new Map(['mediaType', 'manifests', 'config', 'layers'].map((name) => [name.toLowerCase(), name]));

/** Engines are written in Go, which takes a key in any case: they would see a member that we do not. */
function refuseOtherSpellings(value: unknown, where: string): void {
  for (const key of Object.keys(value ?? {})) {
    const member = MEMBERS.get(key.toUpperCase().toLowerCase());
    if (member === undefined || member === key) continue;
    throw new CodedError('MANIFEST_INVALID', `${where} has the key ${printable(key)}: expected ${member}`);
  }
}

function toIndex(bytes: Uint8Array, value: unknown, where: string, promised?: string): ImageIndex {
  const index = parseShape(indexSchema, value, { where, code: 'MANIFEST_INVALID' });
  const mediaType = agreedMediaType(index.mediaType, promised, [mediaTypes.ociIndex, mediaTypes.dockerIndex], where);
  return {
    kind: 'index',
    digest: digestOf(bytes),
    bytes,
    mediaType,
    manifests: index.manifests as readonly PlatformDescriptor[],
  };
}

function toManifest(bytes: Uint8Array, value: unknown, where: string, promised?: string): ImageManifest {
  const manifest = parseShape(manifestSchema, value, { where, code: 'MANIFEST_INVALID' });
  const mediaType = agreedMediaType(
    manifest.mediaType,
    promised,
    [mediaTypes.ociManifest, mediaTypes.dockerManifest],
    where,
  );
  const { config, layers } = manifest as { config: Descriptor; layers: Descriptor[] };
  const annotations = manifest.annotations ?? Object.create(null);
  return { kind: 'manifest', digest: digestOf(bytes), bytes, mediaType, config, layers, annotations };
}

function agreedMediaType(
  stated: string | undefined,
  promised: string | undefined,
  allowed: readonly string[],
  where: string,
): string {
  const mediaType = stated ?? promised ?? (allowed[0] as string);
  if (!allowed.includes(mediaType)) {
    throw new CodedError(
      'MANIFEST_INVALID',
      `${where}: expected media type ${allowed.join(' or ')}, got ${printable(mediaType)}`,
    );
  }
  if (promised !== undefined && promised !== mediaType) {
    throw new CodedError(
      'MANIFEST_INVALID',
      `${where}: was announced as ${printable(promised)}, but says it is ${printable(mediaType)}`,
    );
  }
  return mediaType;
}

/** The one entry for a platform. Two are refused: which one counts would depend on who reads. */
export function selectPlatform(index: ImageIndex, platform: Platform, where: string): PlatformDescriptor {
  const isImage = ({ mediaType }: Descriptor) =>
    mediaType === mediaTypes.ociManifest || mediaType === mediaTypes.dockerManifest;
  const nested = index.manifests.find(
    ({ mediaType }) => mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerIndex,
  );
  if (nested) throw new CodedError('MANIFEST_INVALID', `${where} holds another index (${nested.digest}): refused`);
  const images = index.manifests.filter(isImage).filter((entry) => entry.platform && entry.platform.os !== 'unknown');
  const [entry, ...others] = images.filter((image) => image.platform && isSamePlatform(image.platform, platform));
  if (others.length > 0) {
    throw new CodedError(
      'MANIFEST_INVALID',
      `${where} has ${others.length + 1} images for ${formatPlatform(platform)}: expected one`,
    );
  }
  if (entry) return entry;
  const offered = images.map((image) => printable(formatPlatform(image.platform as Platform))).join(', ');
  throw new CodedError(
    'PLATFORM_NOT_FOUND',
    `${where} has no image for ${formatPlatform(platform)}; it has ${offered || 'none'}`,
    {
      suggestions: ['Ask the publisher for an image of your platform.'],
    },
  );
}
