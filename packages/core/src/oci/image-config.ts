import * as v from 'valibot';
import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { digestSchema, mediaTypes } from './descriptor.ts';
import { type Digest, digestOf } from './digest.ts';
import type { ImageManifest } from './manifest.ts';
import { parseJson } from './parse-json.ts';
import { parseShape } from './parse-shape.ts';
import { formatPlatform, isSamePlatform, type Platform } from './platform.ts';

/** What verification needs of an image's configuration (OCI image-spec, config.md). */
export interface ImageConfig {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  readonly platform: Platform;
  /** `created` as written, when it is an RFC 3339 time. */
  readonly created?: Date;
  /** Digests of the uncompressed layers, base first. */
  readonly diffIds: readonly Digest[];
}

export const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

const LAYER_TYPES = new Set([
  'application/vnd.oci.image.layer.v1.tar',
  'application/vnd.oci.image.layer.v1.tar+gzip',
  'application/vnd.oci.image.layer.v1.tar+zstd',
  'application/vnd.docker.image.rootfs.diff.tar',
  'application/vnd.docker.image.rootfs.diff.tar.gzip',
  'application/vnd.docker.image.rootfs.diff.tar.zstd',
]);

// Podman restores a checkpoint from an image that has this: the sandbox would start as somebody left it.
const REFUSED_ANNOTATIONS = ['io.podman.annotations.checkpoint.runtime.name'];

const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;
const word = v.pipe(v.string(), v.maxLength(64));
const configSchema = v.object({
  os: word,
  architecture: word,
  variant: v.optional(word),
  created: v.optional(v.nullable(v.string())),
  rootfs: v.object({ type: v.literal('layers'), diff_ids: v.array(digestSchema) }),
});

/** Reads the config of exactly this manifest, and refuses what no engine should be handed. */
export function parseImageConfig(bytes: Uint8Array, manifest: ImageManifest, where: string): ImageConfig {
  refuseUnsafe(manifest, where);
  const place = { where: `config of ${where}`, code: 'MANIFEST_INVALID' } as const;
  const { os, architecture, variant, created, rootfs } = parseShape(configSchema, parseJson(bytes, place), place);
  if (rootfs.diff_ids.length !== manifest.layers.length) {
    throw new CodedError(
      'MANIFEST_INVALID',
      `${where} has ${manifest.layers.length} layers, its config names ${rootfs.diff_ids.length}`,
    );
  }
  const date = created && RFC3339.test(created) ? new Date(created) : undefined;
  return {
    digest: digestOf(bytes),
    bytes,
    platform: { os, architecture, ...(variant && { variant }) },
    ...(date && !Number.isNaN(date.getTime()) && { created: date }),
    diffIds: rootfs.diff_ids,
  };
}

/** A signed index may not hand out another platform's image: the config says what really runs. */
export function requirePlatform(config: ImageConfig, platform: Platform, where: string): void {
  if (isSamePlatform(config.platform, platform)) return;
  const [expected, got] = [formatPlatform(platform), printable(formatPlatform(config.platform))];
  throw new CodedError('PLATFORM_MISMATCH', `${where}: expected an image for ${expected}, its config says ${got}`);
}

function refuseUnsafe(manifest: ImageManifest, where: string): void {
  const { mediaType } = manifest.config;
  if (mediaType !== mediaTypes.ociConfig && mediaType !== mediaTypes.dockerConfig) {
    throw new CodedError(
      'MANIFEST_INVALID',
      `${where} is not a container image: its config is ${printable(mediaType)}`,
    );
  }
  const layer = manifest.layers.find((candidate) => !LAYER_TYPES.has(candidate.mediaType));
  if (layer)
    throw new CodedError(
      'MANIFEST_INVALID',
      `${where}: layer ${layer.digest} has the type ${printable(layer.mediaType)}, which is not allowed`,
    );
  const annotation = REFUSED_ANNOTATIONS.find((key) => Object.hasOwn(manifest.annotations, key));
  if (annotation)
    throw new CodedError(
      'MANIFEST_INVALID',
      `${where} has the annotation ${annotation}: it would run a checkpoint, not the image`,
    );
}
