import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseManifest } from '../oci/manifest.ts';
import { linkChain } from '../verify/verified-image.ts';
import { signatureManifest } from './signature-manifest.ts';
import { buildTestImage } from './test-image.ts';
import { gzipOf, tarOf } from './test-layer.ts';
import { createTestSigner } from './test-signer.ts';

const created = '2026-01-02T03:04:05.000Z';
const arm64 = { os: 'linux', architecture: 'arm64' };

describe('buildTestImage', () => {
  it('makes an image that links from index to config', () => {
    const image = buildTestImage({ created });
    const manifest = image.manifestFor(arm64);
    const chain = linkChain(
      { root: image.index.bytes, manifest: manifest.bytes, config: manifest.config.bytes },
      arm64,
      'test image',
    );
    expect(chain.index?.digest).toBe(image.digest);
    expect(chain.config.created?.toISOString()).toBe(created);
  });

  it('makes the same bytes from the same options, and others from another seed or date', () => {
    const digests = [{}, {}, { seed: 'b' }, { created: '2026-02-02T00:00:00Z' }].map(
      (more) => buildTestImage({ created, ...more }).digest,
    );
    expect(digests[1]).toBe(digests[0]);
    expect(new Set(digests).size).toBe(3);
  });

  it('shares the base layer between releases of a platform', () => {
    const [one, two] = ['1', '2'].map((seed) => buildTestImage({ created, seed }).manifestFor(arm64).layers);
    expect(one?.[0]?.digest).toBe(two?.[0]?.digest);
    expect(one?.[1]?.digest).not.toBe(two?.[1]?.digest);
  });

  it('puts overrides over config and manifest', () => {
    const image = buildTestImage({ created, config: { architecture: 's390x' }, manifest: { annotations: { a: 'b' } } });
    const { config, bytes } = image.manifestFor(arm64);
    expect(JSON.parse(Buffer.from(config.bytes).toString())).toMatchObject({ architecture: 's390x', created });
    expect(parseManifest(bytes, 'test image')).toMatchObject({ annotations: { a: 'b' } });
  });
});

describe('tarOf', () => {
  it('writes ustar members with a right checksum, padded, and an end', () => {
    const tar = Buffer.from(tarOf({ 'a.txt': 'hello' }));
    expect(tar.length).toBe(4 * 512);
    expect(tar.toString('latin1', 0, 5)).toBe('a.txt');
    expect(tar.toString('latin1', 257, 265)).toBe('ustar\x0000');
    const stated = Number.parseInt(tar.toString('latin1', 148, 154), 8);
    const header = Buffer.from(tar.subarray(0, 512)).fill(' ', 148, 156);
    expect(stated).toBe(header.reduce((sum, byte) => sum + byte, 0));
    expect(tar.toString('latin1', 512, 517)).toBe('hello');
    expect(gunzipSync(gzipOf(tar)).equals(tar)).toBe(true);
  });
});

describe('signatureManifest', () => {
  it('is an image manifest with one layer for each signature', () => {
    const signer = createTestSigner({ image: 'registry.example.org/team/sandbox' });
    const { digest } = buildTestImage({ created });
    const signatures = [signer.sign({ digest }), signer.sign({ digest })];
    const { bytes, blobs } = signatureManifest(signatures);
    const manifest = parseManifest(bytes, 'signatures');
    expect(manifest).toMatchObject({
      kind: 'manifest',
      layers: [{ digest: blobs[1]?.digest }, { digest: blobs[2]?.digest }],
    });
  });
});
