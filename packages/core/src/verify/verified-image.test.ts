import { describe, expect, it } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import type { Platform } from '../oci/platform.ts';
import { buildTestImage, type TestImage } from '../testing/test-image.ts';
import { createTestLog } from '../testing/test-log.ts';
import { createTestSigner } from '../testing/test-signer.ts';
import { parsePublicKey } from '../trust/public-key.ts';
import { pinnedLog } from '../trust/transparency-log.ts';
import type { Trust } from '../trust/trust.ts';
import type { LegacySignature } from './legacy-signature.ts';
import { type ChainDocuments, linkChain, requireEvidence, type VerifiedImage, verifyImage } from './verified-image.ts';
import { verifySignatures } from './verify-signatures.ts';

const name = 'registry.example.org/team/sandbox';
const amd64: Platform = { os: 'linux', architecture: 'amd64' };
const arm64: Platform = { os: 'linux', architecture: 'arm64' };
const release = buildTestImage({ created: '2026-07-29T00:00:00Z' });
const other = buildTestImage({ created: '2026-07-28T00:00:00Z', seed: 'other' });

const documentsOf = (image: TestImage, platform = amd64): ChainDocuments => {
  const { bytes: manifest, config } = image.manifestFor(platform);
  return { root: image.index.bytes, manifest, config: config.bytes };
};
const chainOf = (image: TestImage, platform = amd64) => linkChain(documentsOf(image, platform), platform, 'the test');
const encode = (value: unknown) => Buffer.from(JSON.stringify(value));

function codeOfDoing(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return codeOf(error) ?? (error as Error).name;
  }
}

describe('a chain of documents', () => {
  it('goes from the index over the platform’s manifest to its config', () => {
    const { index, manifest, config } = chainOf(release, arm64);
    const expected = release.manifestFor(arm64);
    expect([index?.digest, manifest.digest, config.digest]).toEqual([
      release.digest,
      expected.digest,
      expected.config.digest,
    ]);
    expect(config.platform).toEqual(arm64);
  });

  it('may begin at the manifest', () => {
    const { bytes: root, config } = release.manifestFor(amd64);
    expect(linkChain({ root, config: config.bytes }, amd64, 'the test').index).toBeUndefined();
  });

  const documents = documentsOf(release);
  const swapped = (members: Partial<Record<'os' | 'architecture', string>>) => {
    const image = buildTestImage({ created: '2026-07-29T00:00:00Z', platforms: [amd64], config: members });
    return documentsOf(image);
  };
  const nested = encode({
    schemaVersion: 2,
    manifests: [{ mediaType: release.index.mediaType, digest: release.digest, size: release.index.bytes.length }],
  });
  const sized = (by: number) => {
    const index = JSON.parse(Buffer.from(release.index.bytes).toString());
    for (const entry of index.manifests) entry.size += by;
    return encode(index);
  };

  it.each<[string, ChainDocuments, string]>([
    [
      '9: another release’s manifest',
      { ...documents, manifest: documentsOf(other).manifest as Uint8Array },
      'DIGEST_MISMATCH',
    ],
    [
      '9: another platform’s manifest',
      { ...documents, manifest: documentsOf(release, arm64).manifest as Uint8Array },
      'DIGEST_MISMATCH',
    ],
    [
      '9: a manifest with a blank after it',
      { ...documents, manifest: Buffer.concat([documents.manifest as Uint8Array, Buffer.of(0x20)]) },
      'DIGEST_MISMATCH',
    ],
    ['9: another release’s config', { ...documents, config: documentsOf(other).config }, 'DIGEST_MISMATCH'],
    [
      '9: a config with a blank after it',
      { ...documents, config: Buffer.concat([documents.config, Buffer.of(0x20)]) },
      'DIGEST_MISMATCH',
    ],
    ['38: a manifest shorter than the index says', { ...documents, root: sized(1) }, 'DIGEST_MISMATCH'],
    ['38: a manifest longer than the index says', { ...documents, root: sized(-1) }, 'DIGEST_MISMATCH'],
    ['39: an index in place of the manifest', { ...documents, manifest: release.index.bytes }, 'MANIFEST_INVALID'],
    ['39: an index in the index', { ...documents, root: nested }, 'MANIFEST_INVALID'],
    ['no manifest', { root: documents.root, config: documents.config }, 'MANIFEST_INVALID'],
    ['a config in place of the index', { ...documents, root: documents.config }, 'MANIFEST_INVALID'],
    [
      '42: an index that says amd64 over a config that says arm64',
      swapped({ architecture: 'arm64' }),
      'PLATFORM_MISMATCH',
    ],
    ['42: an index that says linux over a config that says windows', swapped({ os: 'windows' }), 'PLATFORM_MISMATCH'],
  ])('bad input %s: does not link', (_, broken, code) => {
    expect(codeOfDoing(() => linkChain(broken, amd64, 'the test'))).toBe(code);
  });
});

describe('a verified image', () => {
  const signer = createTestSigner({ image: name });
  const second = createTestLog();
  const key = parsePublicKey(Buffer.from(signer.publicKeyPem), 'of the test');
  const logOf = (pem: string) => pinnedLog(parsePublicKey(Buffer.from(pem), 'of the test log'));
  const trust: Trust = {
    image: name,
    keys: [key],
    threshold: 1,
    logs: [logOf(signer.logPublicKeyPem), logOf(second.publicKeyPem)],
  };
  const signed = (digest: Digest, found: readonly LegacySignature[] = [signer.sign({ digest })]) =>
    verifySignatures(found, digest, trust);

  it('knows its roots, its size and its name', () => {
    const image = verifyImage(name, chainOf(release), signed(release.digest));
    const { digest, config, layers } = release.manifestFor(amd64);
    expect(image.roots.map(({ descriptor }) => descriptor.digest)).toEqual([digest, release.digest]);
    expect(image.size).toBe([config, ...layers].reduce((sum, { bytes }) => sum + bytes.length, 0));
    expect([image.name, image.digest, image.platform]).toEqual([name, release.digest, amd64]);
    expect(() => requireEvidence(image)).not.toThrow();
  });

  it('may have its manifest signed in place of its index', () => {
    const { digest } = release.manifestFor(amd64);
    expect(verifyImage(name, chainOf(release), signed(digest)).digest).toBe(digest);
  });

  it('bad input 81: ranks by the lowest index in each log, and by the earliest time', () => {
    const at = (logIndex: number, day: number) => ({ logIndex, time: new Date(Date.UTC(2026, 6, day)) });
    const first = signer.sign({ digest: release.digest, ...at(700, 9) });
    const elsewhere = { ...first, bundle: second.add({ ...first, key, ...at(5, 20) }) };
    const found = [signer.logAgain(first, at(900, 3)), first, elsewhere, signer.logAgain(first, at(800, 12))];
    const image = verifyImage(name, chainOf(release), signed(release.digest, found));
    expect(image.ranks).toEqual({ [signer.logId]: 700, [second.id]: 5 });
    expect(image.loggedAt).toEqual(new Date(Date.UTC(2026, 6, 3)));
  });

  it('bad input 50: does not count the index of a foreign or refused signature', () => {
    const stranger = createTestSigner({ image: name, log: signer.log });
    const own = signer.sign({ digest: release.digest, logIndex: 5000 });
    const found = [
      stranger.sign({ digest: release.digest, logIndex: 3000 }),
      signer.sign({ digest: other.digest, logIndex: 3001 }),
      signer.sign({ digest: release.digest, image: `${name}-other`, logIndex: 3002 }),
      { ...own, bundle: { ...own.bundle, Payload: { ...own.bundle.Payload, logIndex: 1 } } },
      own,
    ];
    expect(verifyImage(name, chainOf(release), signed(release.digest, found)).ranks).toEqual({ [signer.logId]: 5000 });
  });

  it.each<[string, Digest]>([
    ['another release', other.digest],
    ['another platform’s manifest', release.manifestFor(arm64).digest],
    ['the config', release.manifestFor(amd64).config.digest],
    ['a layer', release.manifestFor(amd64).layers[0]?.digest as Digest],
    ['nothing that is there', digestOf(Buffer.from('nothing'))],
  ])('bad input 51: cannot be made from signatures over %s', (_, digest) => {
    expect(codeOfDoing(() => verifyImage(name, chainOf(release), signed(digest)))).toBe('IMAGE_NOT_VERIFIED');
  });

  it('bad input 52: cannot be made under another name than the one that was signed', () => {
    expect(codeOfDoing(() => verifyImage(`${name}-evil`, chainOf(release), signed(release.digest)))).toBe(
      'IMAGE_NOT_VERIFIED',
    );
  });

  it('bad input 185: cannot be made from an object that only looks like evidence', () => {
    const evidence = signed(release.digest);
    expect(codeOfDoing(() => verifyImage(name, chainOf(release), { ...evidence }))).toBe('TypeError');
    const image = verifyImage(name, chainOf(release), evidence);
    expect(() => requireEvidence({ ...image } as VerifiedImage)).toThrow(TypeError);
    expect(() => Object.assign(image, { digest: other.digest })).toThrow(TypeError);
    expect(() => Object.assign(evidence, { digest: other.digest })).toThrow(TypeError);
  });
});
