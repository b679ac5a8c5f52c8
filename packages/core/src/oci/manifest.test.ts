import { describe, expect, it } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import { mediaTypes } from './descriptor.ts';
import { digestOf } from './digest.ts';
import { type ImageIndex, parseManifest, selectPlatform } from './manifest.ts';

type Members = Record<string, unknown>;

const digest = `sha256:${'a'.repeat(64)}`;
const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip';
const config = { mediaType: mediaTypes.ociConfig, digest, size: 2 };
const layer = { mediaType: layerType, digest, size: 3 };
const amd64 = { os: 'linux', architecture: 'amd64' };
const entry = { mediaType: mediaTypes.ociManifest, digest, size: 4, platform: amd64 };
const manifest = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [layer] };
const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [entry] };

const encode = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

function codeOfDoing(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

const codeOfParsing = (value: unknown, promised?: string) =>
  codeOfDoing(() => parseManifest(encode(value), 'the test', promised));
const withLayer = (members: Members) => ({ ...manifest, layers: [{ ...layer, ...members }] });
const withEntry = (members: Members) => ({ ...index, manifests: [{ ...entry, ...members }] });

describe('an image manifest or index', () => {
  it('keeps the digest of exactly its bytes', () => {
    const bytes = encode(` ${JSON.stringify(manifest)}\n`);
    const parsed = parseManifest(bytes, 'the test');
    expect(parsed).toMatchObject({ kind: 'manifest', digest: digestOf(bytes), bytes, config, layers: [layer] });
  });

  it('without a media type is what its members say', () => {
    expect(parseManifest(encode({ ...manifest, mediaType: undefined }), 'the test').mediaType).toBe(
      mediaTypes.ociManifest,
    );
    expect(parseManifest(encode({ ...index, mediaType: undefined }), 'the test').kind).toBe('index');
  });

  it.each([
    ['32: manifests and layers', { ...index, layers: [layer] }],
    ['32: manifests and a config', { ...index, config }],
    ['32: manifests, config and layers', { ...index, ...manifest, mediaType: undefined }],
    ['32: none of them', { schemaVersion: 2 }],
    ['32: an index that says it is a manifest', { ...index, mediaType: mediaTypes.ociManifest }],
    ['32: a manifest that says it is an index', { ...manifest, mediaType: mediaTypes.ociIndex }],
    ['32: a manifest of an unknown type', { ...manifest, mediaType: 'application/json' }],
    ['33: Docker schema 1', { schemaVersion: 1, name: 'x', tag: 'y', fsLayers: [], history: [], signatures: [] }],
    ['33: schema version 1 with layers', { ...manifest, schemaVersion: 1 }],
    ['33: schema version "2"', { ...manifest, schemaVersion: '2' }],
    ['34: manifests twice', JSON.stringify(index).replace('{', '{"manifests":[],')],
    ['34: manifests in two cases', JSON.stringify(index).replace('{', '{"Manifests":[],')],
    ['34: Manifests beside layers, which a reader in Go would take', { ...manifest, Manifests: [entry] }],
    ['34: Layers in place of layers', { ...manifest, layers: undefined, Layers: [layer] }],
    ['34: MediaType in place of mediaType', { ...manifest, mediaType: undefined, MediaType: mediaTypes.ociIndex }],
    ['34: a long s in manifests', { ...manifest, manifeſts: [entry] }],
    ['35: a list', []],
    ['35: null', 'null'],
    ['35: a string', '"manifests"'],
    ['37: a digest with a path', withLayer({ digest: 'sha256:../../x' })],
    ['37: an upper-case digest', withLayer({ digest: digest.toUpperCase() })],
    ['37: a digest with a line feed', withLayer({ digest: `${digest}\n` })],
    ['37: a sha512 digest', withLayer({ digest: `sha512:${'a'.repeat(128)}` })],
    ['37: a digest that is a list', withLayer({ digest: [digest] })],
    ['37: no digest', withLayer({ digest: undefined })],
    ['37: a config digest of 63 digits', { ...manifest, config: { ...config, digest: digest.slice(0, -1) } }],
    ['37: an index entry with md5', withEntry({ digest: `md5:${'a'.repeat(32)}` })],
    ['38: a negative size', withLayer({ size: -1 })],
    ['38: a size of 1e400', JSON.stringify(manifest).replace('"size":3', '"size":1e400')],
    ['38: a size of 2^53+1', JSON.stringify(manifest).replace('"size":3', '"size":9007199254740993')],
    ['38: a size of 3.0', JSON.stringify(manifest).replace('"size":3', '"size":3.0')],
    ['38: a size of "12"', withLayer({ size: '12' })],
    ['38: no size', withLayer({ size: undefined })],
    ['39: 10 000 entries', { ...index, manifests: Array.from({ length: 10_000 }, () => entry) }],
    ['39: 1001 layers', { ...manifest, layers: Array.from({ length: 1001 }, () => layer) }],
    ['44: a layer with a URL', withLayer({ urls: ['https://example.org/layer'] })],
    ['44: a config with a URL', { ...manifest, config: { ...config, urls: ['https://example.org/config'] } }],
    ['44: an entry with a URL', withEntry({ urls: ['https://example.org/manifest'] })],
    ['44: urls that is a string', withLayer({ urls: 'https://example.org/layer' })],
    ['44: a layer with inline data', withLayer({ data: 'AAAA' })],
    ['44: a config with inline data', { ...manifest, config: { ...config, data: 'e30=' } }],
    ['a manifest without a config', { ...manifest, config: undefined }],
    ['a manifest without layers', { ...manifest, layers: undefined }],
    ['layers that are an object', { ...manifest, layers: {} }],
    ['a media type with a control character', withLayer({ mediaType: 'application/x\x1b[2J' })],
    ['annotations that are no texts', { ...manifest, annotations: { a: 1 } }],
    ['a platform without an architecture', withEntry({ platform: { os: 'linux' } })],
  ])('bad input %s: is refused', (_, value) => {
    expect(codeOfParsing(value)).toBe('MANIFEST_INVALID');
  });

  it.each([
    ['a manifest announced as an index', manifest, mediaTypes.ociIndex],
    ['an index announced as a manifest', index, mediaTypes.ociManifest],
    ['an OCI manifest announced as Docker’s', manifest, mediaTypes.dockerManifest],
    ['a manifest announced as HTML', manifest, 'text/html'],
    ['a manifest of no type announced as an index', { ...manifest, mediaType: undefined }, mediaTypes.ociIndex],
  ])('bad input 32: refuses %s', (_, value, promised) => {
    expect(codeOfParsing(value, promised)).toBe('MANIFEST_INVALID');
  });

  it.each(['__proto__', 'constructor', 'toString'])(
    'bad input 36: an annotation called %s is only an annotation',
    (key) => {
      const parsed = parseManifest(
        encode(`{"annotations":{"${key}":"x"},${JSON.stringify(manifest).slice(1)}`),
        'the test',
      );
      expect(parsed.kind === 'manifest' && Object.hasOwn(parsed.annotations, key)).toBe(true);
      expect('x' in {}).toBe(false);
    },
  );
});

describe('the image of a platform in an index', () => {
  const parse = (entries: readonly Members[]) =>
    parseManifest(encode({ ...index, manifests: entries }), 'the test') as ImageIndex;
  const select = (entries: readonly Members[], platform = amd64) =>
    selectPlatform(parse(entries), platform, 'the test');
  const entryOf = (platform?: Members, more: Members = {}) => ({ ...entry, platform, ...more });
  const arm64 = { os: 'linux', architecture: 'arm64' };
  const other = `sha256:${'b'.repeat(64)}`;

  it('bad input 41: is the one entry for it, among attestations, other systems and entries without a platform', () => {
    const entries = [
      entryOf({ os: 'unknown', architecture: 'unknown' }),
      entryOf(undefined),
      entryOf({ os: 'windows', architecture: 'amd64' }),
      entryOf(arm64),
      entryOf(amd64, { mediaType: 'application/vnd.example+json' }),
      entryOf(amd64, { digest: other }),
    ];
    expect(select(entries).digest).toBe(other);
  });

  it('bad input 41: arm64 and arm64/v8 are one', () => {
    expect(select([entryOf({ ...arm64, variant: 'v8' })], arm64).platform).toEqual({ ...arm64, variant: 'v8' });
  });

  it.each([
    ['40: two entries, one order', [entryOf(amd64), entryOf(amd64, { digest: other })], 'MANIFEST_INVALID'],
    ['40: two entries, the other order', [entryOf(amd64, { digest: other }), entryOf(amd64)], 'MANIFEST_INVALID'],
    ['40: the same entry twice', [entryOf(amd64), entryOf(amd64)], 'MANIFEST_INVALID'],
    ['40: arm64 and arm64/v8', [entryOf(arm64), entryOf({ ...arm64, variant: 'v8' })], 'MANIFEST_INVALID'],
    [
      '39: an index in the index',
      [entryOf(amd64), entryOf(undefined, { mediaType: mediaTypes.ociIndex })],
      'MANIFEST_INVALID',
    ],
    ['39: a Docker index in the index', [entryOf(amd64, { mediaType: mediaTypes.dockerIndex })], 'MANIFEST_INVALID'],
    ['41: no entry', [], 'PLATFORM_NOT_FOUND'],
    ['41: entries without platform', [entryOf(undefined)], 'PLATFORM_NOT_FOUND'],
    ['41: only an attestation', [entryOf({ os: 'unknown', architecture: 'unknown' })], 'PLATFORM_NOT_FOUND'],
    ['41: only windows', [entryOf({ os: 'windows', architecture: 'arm64' })], 'PLATFORM_NOT_FOUND'],
    ['41: another architecture', [entryOf({ os: 'linux', architecture: 's390x' })], 'PLATFORM_NOT_FOUND'],
    ['41: another variant', [entryOf({ ...arm64, variant: 'v9' })], 'PLATFORM_NOT_FOUND'],
    [
      '36: an architecture called __proto__',
      [entryOf({ os: 'linux', architecture: '__proto__' })],
      'PLATFORM_NOT_FOUND',
    ],
  ])('bad input %s: no image for linux/arm64 or linux/amd64', (_, entries, code) => {
    const wanted =
      code === 'MANIFEST_INVALID' && entries.some(({ platform }) => platform?.architecture === 'arm64') ? arm64 : amd64;
    expect(codeOfDoing(() => select(entries, code === 'PLATFORM_NOT_FOUND' ? arm64 : wanted))).toBe(code);
  });
});
