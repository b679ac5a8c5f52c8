import { describe, expect, it } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import { mediaTypes } from './descriptor.ts';
import { digestOf } from './digest.ts';
import { parseImageConfig, requirePlatform } from './image-config.ts';
import { type ImageManifest, parseManifest } from './manifest.ts';

type Members = Record<string, unknown>;

const digest = `sha256:${'a'.repeat(64)}`;
const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip';
const config = {
  os: 'linux',
  architecture: 'amd64',
  created: '2026-04-27T00:00:00Z',
  rootfs: { type: 'layers', diff_ids: [digest] },
};

function manifestOf({
  mediaType = mediaTypes.ociConfig as string,
  layer = layerType,
  ...more
}: Members & { mediaType?: string; layer?: string } = {}) {
  const layers = [{ mediaType: layer, digest, size: 1 }];
  const document = { schemaVersion: 2, config: { mediaType, digest, size: 1 }, layers, ...more };
  return parseManifest(Buffer.from(JSON.stringify(document)), 'the test') as ImageManifest;
}

const parse = (members: Members | string = {}, manifest = manifestOf()) => {
  const text = typeof members === 'string' ? members : JSON.stringify({ ...config, ...members });
  return parseImageConfig(Buffer.from(text), manifest, 'the test');
};

function codeOfDoing(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

describe('an image’s config', () => {
  it('tells platform, content date and DiffIDs', () => {
    const bytes = Buffer.from(JSON.stringify(config));
    expect(parseImageConfig(bytes, manifestOf(), 'the test')).toEqual({
      digest: digestOf(bytes),
      bytes,
      platform: { os: 'linux', architecture: 'amd64' },
      created: new Date('2026-04-27T00:00:00Z'),
      diffIds: [digest],
    });
  });

  it.each([
    ['2026-04-27T12:00:00.123456789Z', '2026-04-27T12:00:00.123Z'],
    ['2026-04-27T12:00:00+02:00', '2026-04-27T10:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['2026-04-27', undefined],
    ['yesterday', undefined],
    ['2026-13-45T99:99:99Z', undefined],
    ['', undefined],
    [null, undefined],
    [undefined, undefined],
  ])('has the content date of created, %s, where that is a time', (created, expected) => {
    expect(parse({ created }).created?.toISOString()).toBe(expected);
  });

  it.each([
    ['bad input 34: the architecture twice', JSON.stringify(config).replace('{', '{"architecture":"arm64",')],
    ['bad input 34: the architecture in two cases', JSON.stringify(config).replace('{', '{"Architecture":"arm64",')],
    ['bad input 37: a DiffID that is none', { rootfs: { type: 'layers', diff_ids: ['sha256:../x'] } }],
    ['no platform', { os: undefined }],
    ['an architecture that is a list', { architecture: ['amd64'] }],
    ['no rootfs', { rootfs: undefined }],
    ['a rootfs of another type', { rootfs: { type: 'squashfs', diff_ids: [digest] } }],
    ['more DiffIDs than layers', { rootfs: { type: 'layers', diff_ids: [digest, digest] } }],
    ['fewer DiffIDs than layers', { rootfs: { type: 'layers', diff_ids: [] } }],
    ['a date that is a number', { created: 0 }],
  ])('is refused with %s', (_, members) => {
    expect(codeOfDoing(() => parse(members))).toBe('MANIFEST_INVALID');
  });

  it.each([
    ['44: a nondistributable layer', { layer: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip' }],
    ['44: a foreign layer of Docker', { layer: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip' }],
    ['45: a layer of an unknown type', { layer: 'application/vnd.example.layer' }],
    ['45: a layer type with a suffix', { layer: `${layerType}+encrypted` }],
    ['46: a Helm chart', { mediaType: 'application/vnd.cncf.helm.config.v1+json' }],
    ['46: an SBOM', { mediaType: 'application/spdx+json' }],
    ['46: an empty config', { mediaType: 'application/vnd.oci.empty.v1+json' }],
    ['47: a Podman checkpoint', { annotations: { 'io.podman.annotations.checkpoint.runtime.name': 'crun' } }],
    ['47: an empty checkpoint annotation', { annotations: { 'io.podman.annotations.checkpoint.runtime.name': '' } }],
  ])('bad input %s: is no image to hand to an engine', (_, members) => {
    expect(codeOfDoing(() => parse({}, manifestOf(members)))).toBe('MANIFEST_INVALID');
  });

  it.each(['tar', 'tar+gzip', 'tar+zstd'])(
    'bad input 45: takes layers of type %s, also with a zstd:chunked table of contents',
    (form) => {
      const annotations = { 'io.github.containers.zstd-chunked.manifest-checksum': digest };
      const manifest = manifestOf({ layer: `application/vnd.oci.image.layer.v1.${form}`, annotations });
      expect(parse({}, manifest).diffIds).toHaveLength(1);
    },
  );

  it.each([
    ['another architecture', { architecture: 'arm64' }],
    ['another system', { os: 'windows' }],
    ['another variant', { variant: 'v3' }],
    ['bad input 36: an architecture called constructor', { architecture: 'constructor' }],
  ])('bad input 42: is refused for linux/amd64 with %s', (_, members) => {
    expect(codeOfDoing(() => requirePlatform(parse(members), { os: 'linux', architecture: 'amd64' }, 'the test'))).toBe(
      'PLATFORM_MISMATCH',
    );
  });

  it('bad input 43: is not decided by annotations', () => {
    const annotations = {
      'org.opencontainers.image.ref.name': 'other',
      'org.opencontainers.image.created': '2030-01-01T00:00:00Z',
      kind: 'x',
    };
    expect(parse({}, manifestOf({ annotations }))).toEqual(parse());
  });
});
