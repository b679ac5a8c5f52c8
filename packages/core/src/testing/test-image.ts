import { mediaTypes } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { formatPlatform, isSamePlatform, type Platform } from '../oci/platform.ts';
import { gzipOf, type TestFiles, tarOf } from './test-layer.ts';

export interface TestContent {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

export interface TestDocument extends TestContent {
  readonly mediaType: string;
}

/** One platform's image. */
export interface TestPlatformImage extends TestDocument {
  readonly platform: Platform;
  readonly config: TestContent;
  readonly layers: readonly TestContent[];
}

export interface TestImage {
  /** Digest of the index. */
  readonly digest: Digest;
  readonly index: TestDocument;
  readonly manifests: readonly TestPlatformImage[];
  /** Configs and layers of all platforms, each once. */
  readonly blobs: readonly TestContent[];
  manifestFor(platform: Platform): TestPlatformImage;
}

export interface TestImageOptions {
  /** Content date of the release. */
  readonly created: Date | string;
  readonly platforms?: readonly Platform[];
  /** Tells releases of one date apart. */
  readonly seed?: string;
  /** Files of each layer, base first. */
  readonly layers?: readonly TestFiles[];
  /** Members put over those of every config. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Members put over those of every platform manifest. */
  readonly manifest?: Readonly<Record<string, unknown>>;
  /** Members put over those of the index. */
  readonly index?: Readonly<Record<string, unknown>>;
}

const PLATFORMS: readonly Platform[] = [
  { os: 'linux', architecture: 'amd64' },
  { os: 'linux', architecture: 'arm64' },
];

/** A real OCI image with tar+gzip layers: same options, same bytes. */
export function buildTestImage(options: TestImageOptions): TestImage {
  const { platforms = PLATFORMS } = options;
  const manifests = platforms.map((platform) => buildPlatform(platform, options));
  const index = toDocument(mediaTypes.ociIndex, {
    manifests: manifests.map(({ mediaType, digest, bytes, platform }) => ({
      mediaType,
      digest,
      size: bytes.length,
      platform,
    })),
    ...options.index,
  });
  const blobs = manifests.flatMap(({ config, layers }) => [config, ...layers]);
  return {
    digest: index.digest,
    index,
    manifests,
    blobs: [...new Map(blobs.map((blob) => [blob.digest, blob])).values()],
    manifestFor(platform) {
      const found = manifests.find((manifest) => isSamePlatform(manifest.platform, platform));
      if (!found) throw new TypeError(`this test image has nothing for ${formatPlatform(platform)}`);
      return found;
    },
  };
}

function buildPlatform(platform: Platform, options: TestImageOptions): TestPlatformImage {
  const created = new Date(options.created).toISOString();
  const tars = (options.layers ?? defaultLayers(platform, created, options.seed)).map(tarOf);
  const layers = tars.map(gzipOf).map(toContent);
  const config = toContent(
    json({
      created,
      ...platform,
      config: { Cmd: ['/bin/sandbox'], Labels: { seed: options.seed ?? '' } },
      rootfs: { type: 'layers', diff_ids: tars.map(digestOf) },
      ...options.config,
    }),
  );
  const manifest = toDocument(mediaTypes.ociManifest, {
    config: descriptorOf(mediaTypes.ociConfig, config),
    layers: layers.map((layer) => descriptorOf('application/vnd.oci.image.layer.v1.tar+gzip', layer)),
    ...options.manifest,
  });
  return { ...manifest, platform, config, layers };
}

/** A base that all releases share, and what makes this release another one. */
function defaultLayers(platform: Platform, created: string, seed = ''): TestFiles[] {
  const base = { 'etc/os-release': 'NAME="Test image"\n', 'bin/sandbox': `#!/bin/sh\n# ${formatPlatform(platform)}\n` };
  return [base, { 'etc/release': `${created} ${seed}\n` }];
}

function toDocument(mediaType: string, members: Readonly<Record<string, unknown>>): TestDocument {
  return { mediaType, ...toContent(json({ schemaVersion: 2, mediaType, ...members })) };
}

function toContent(bytes: Uint8Array): TestContent {
  return { digest: digestOf(bytes), bytes };
}

function descriptorOf(
  mediaType: string,
  { digest, bytes }: TestContent,
): { mediaType: string; digest: Digest; size: number } {
  return { mediaType, digest, size: bytes.length };
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
