import { type Digest, digestOf, type ErrorCode, hexOf, hostPlatform, mediaTypes } from '@dangerzone-image/core';
import {
  buildTestImage,
  bundleManifest,
  createTestSigner,
  type SigningRequest,
  type TestArchiveOptions,
  type TestMember,
  testArchiveMembers,
  testTar,
} from '@dangerzone-image/core/testing';
import { describe, expect, it } from 'vitest';
import { IMAGE, loadOn, signer } from './machine.test-support.ts';

const created = '2026-01-02T03:04:05Z';
const image = buildTestImage({ created });
const own = image.manifestFor(hostPlatform());
const evilImage = buildTestImage({ created, seed: 'evil' });
const [evil, evilIndex] = [evilImage.manifestFor(hostPlatform()), evilImage.index];
const members = (options?: TestArchiveOptions) => testArchiveMembers(image, { signers: [signer], ...options });
const good = members();
const saved = members({ form: 'cosign-save-manifest' });

const blob = (bytes: Uint8Array): TestMember => ({ name: `./blobs/sha256/${hexOf(digestOf(bytes))}`, bytes });
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
/** A document of the layout with its JSON changed as text: what is decided on must not depend on its form. */
const edited = (from: readonly TestMember[], name: string, change: (text: string) => string) =>
  testTar(
    from.map((member) =>
      member.name === name
        ? { ...member, bytes: Buffer.from(change(Buffer.from(member.bytes ?? '').toString())) }
        : member,
    ),
  );
const without = (from: readonly TestMember[], name: string) => testTar(from.filter((member) => member.name !== name));
const named = (digest: string) => `./blobs/sha256/${digest.slice(7)}`;
const entry = (digest: string, size: number, kind: string, mediaType: string = mediaTypes.ociManifest) => ({
  mediaType,
  digest,
  size,
  annotations: { kind: `dev.cosignproject.cosign/${kind}` },
});
const ownEntry = entry(own.digest, own.bytes.length, 'image');
const evilEntry = entry(evil.digest, evil.bytes.length, 'image');
const listing =
  (...manifests: readonly unknown[]) =>
  () =>
    JSON.stringify({ schemaVersion: 2, manifests });
const addEntry = (more: unknown) => (text: string) => {
  const value = JSON.parse(text);
  return JSON.stringify({ ...value, manifests: [...value.manifests, more] });
};
const docker = (entries: unknown) => edited(good, './manifest.json', () => JSON.stringify(entries));
const path = ({ digest }: { digest: string }) => `blobs/sha256/${digest.slice(7)}`;
const dockerEntry = { Config: path(own.config), RepoTags: null, Layers: own.layers.map(path) };
const V03 = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const describeBlob = (mediaType: string, bytes: Buffer) => ({ mediaType, digest: digestOf(bytes), size: bytes.length });
const bundlesAbout = (subject: Digest, mediaType = V03, number = 0, members = {}) => {
  const { bytes, blobs } = bundleManifest(subject, { mediaType, bytes: json({ mediaType, number }) }, members);
  return [bytes, ...blobs.map((each) => each.bytes)].map(blob);
};
const rider = Buffer.from('along for the ride');
const long = Buffer.alloc(9 * 1024 * 1024);
const allOf = (which: typeof evil) => [which, which.config, ...which.layers].map(({ bytes }) => blob(bytes));
const sibling = image.manifests.find(({ digest }) => digest !== own.digest) as typeof own;
const layer = own.layers[1] as (typeof own.layers)[number];

const forger = { ...signer, sign: (request: SigningRequest) => ({ ...signer.sign(request), signature: 'AAAA' }) };

const attacks: readonly [number, string, () => Buffer, ErrorCode?][] = [
  [
    121,
    'a digest in JSON that climbs out',
    () => edited(saved, './index.json', (text) => text.replace(own.digest, 'sha256:../../../../etc/passwd')),
  ],
  [140, 'manifest.json names another config', () => docker([{ ...dockerEntry, Config: path(evil.config) }])],
  [140, 'manifest.json names another layer', () => docker([{ ...dockerEntry, Layers: [path(layer), path(layer)] }])],
  [140, 'manifest.json names one layer less', () => docker([{ ...dockerEntry, Layers: dockerEntry.Layers.slice(1) }])],
  [140, 'manifest.json names two images', () => docker([dockerEntry, dockerEntry])],
  [140, 'manifest.json has a member more', () => docker([{ ...dockerEntry, Parent: 'x' }])],
  [140, 'manifest.json in another case', () => docker([{ ...dockerEntry, config: path(evil.config) }])],
  [140, 'manifest.json names a file outside', () => docker([{ ...dockerEntry, Config: '../../etc/passwd' }])],
  [
    140,
    'dangerzone.json and index.json list two images',
    () =>
      testTar([
        ...members().map((member) =>
          member.name === './index.json' ? { ...member, bytes: Buffer.from(listing(evilEntry)()) } : member,
        ),
        ...allOf(evil),
      ]),
  ],
  [
    140,
    'dangerzone.json and index.json differ in size',
    () => edited(good, './index.json', listing({ ...ownEntry, size: 1 })),
  ],
  [
    141,
    'two images',
    () =>
      testTar([
        ...saved.map((member) =>
          member.name === './index.json'
            ? { ...member, bytes: Buffer.from(addEntry(evilEntry)(Buffer.from(member.bytes ?? '').toString())) }
            : member,
        ),
        ...allOf(evil),
      ]),
  ],
  [141, 'the same image twice', () => edited(saved, './index.json', addEntry(ownEntry))],
  [141, 'no image', () => edited(saved, './index.json', listing())],
  [
    141,
    'an index where an image is said to be',
    () => edited(saved, './index.json', listing({ ...ownEntry, mediaType: mediaTypes.ociIndex })),
  ],
  [
    141,
    'an image where an index is said to be',
    () => edited(saved, './index.json', (text) => text.replace('cosign/image"', 'cosign/imageIndex"')),
  ],
  [141, 'an index in the index', () => nested()],
  [141, 'no index.json', () => without(saved, './index.json')],
  [141, 'no oci-layout', () => without(saved, './oci-layout')],
  [141, 'oci-layout of version 9', () => edited(saved, './oci-layout', () => '{"imageLayoutVersion":"9"}')],
  [
    141,
    'oci-layout with a member more',
    () => edited(saved, './oci-layout', () => '{"imageLayoutVersion":"1.0.0","x":1}'),
  ],
  [141, 'an entry of no kind', () => edited(saved, './index.json', addEntry({ ...evilEntry, annotations: {} }))],
  [
    141,
    'an entry of a kind that nobody knows',
    () => edited(saved, './index.json', addEntry(entry(own.digest, own.bytes.length, 'sbom'))),
  ],
  [
    141,
    'two lists of signatures without dangerzone.json',
    () => testTar(members({ form: 'cosign-save', signed: [image.digest, own.digest] })),
  ],
  [
    141,
    'an index in place of signatures',
    () => Buffer.concat([indexAsSignatures(), testTar([blob(image.index.bytes)])]),
  ],
  [16, 'an index.json of 5 MiB', () => edited(good, './index.json', (text) => text + ' '.repeat(5 * 1024 * 1024))],
  [63, '51 signatures', () => testTar(members({ signers: Array(51).fill(signer) }))],
  [
    144,
    '51 bundles',
    () =>
      testTar([
        ...good,
        ...Array.from({ length: 51 }, (_, n) => bundlesAbout(own.digest, undefined, n))
          .flat()
          .filter(isFirst),
      ]),
  ],
  [
    144,
    'an index that is signed, and is not above the image',
    () =>
      testTar([
        ...members({ signed: [own.digest, evilIndex.digest] }).filter(({ name }) => name !== named(image.digest)),
        blob(evilIndex.bytes),
      ]),
  ],
  [
    141,
    'signatures in index.json beside dangerzone.json',
    () => edited(good, './index.json', addEntry(entry(own.digest, own.bytes.length, 'sigs'))),
  ],
  [
    141,
    'index.json is an image’s manifest',
    () => edited(saved, './index.json', () => Buffer.from(own.bytes).toString()),
  ],
  [
    142,
    'Manifests and manifests',
    () => edited(saved, './index.json', (text) => text.replace('"manifests"', '"Manifests":[],"manifests"')),
  ],
  [142, 'Manifests alone', () => edited(saved, './index.json', (text) => text.replace('"manifests"', '"Manifests"'))],
  [
    142,
    'one key twice',
    () => edited(saved, './index.json', (text) => text.replace('"manifests"', '"manifests":[],"manifests"')),
  ],
  [35, 'index.json with a byte-order mark', () => edited(saved, './index.json', (text) => `\ufeff${text}`)],
  [
    144,
    'signatures of something else',
    () => testTar(members({ form: 'cosign-save-manifest', signed: [evil.digest] })),
  ],
  [
    144,
    'signatures of something else beside the right ones',
    () => testTar(members({ form: 'dangerzone', signed: [own.digest, evil.digest] })),
  ],
  [
    144,
    'signatures of a sibling that is not there',
    () => testTar(members({ form: 'dangerzone', signed: [own.digest, image.digest] })),
  ],
  [144, 'two lists of signatures of one digest', () => testTar(members({ form: 'dangerzone' }).map(twoLists))],
  [144, 'a blob that nothing names', () => testTar([...good, blob(Buffer.from('along for the ride'))])],
  [144, 'a JSON blob that nothing names', () => testTar([...good, blob(json({ config: {} }))])],
  [144, 'another whole image', () => testTar([...good, ...allOf(evil)])],
  [
    144,
    'another platform’s image below an index that is not listed',
    () => testTar([...good, ...image.manifests.filter(({ digest }) => digest !== own.digest).flatMap(allOf)]),
  ],
  [
    144,
    'other images below an index that nobody signed',
    () => testTar(members({ form: 'cosign-save', signed: [own.digest] })),
  ],
  [144, 'a bundle about something else', () => testTar([...good, ...bundlesAbout(evil.digest)])],
  [
    144,
    'something else in the form of a bundle',
    () => testTar([...good, ...bundlesAbout(own.digest, 'application/octet-stream')]),
  ],
  [
    144,
    'a bundle about another platform’s image, whose index is not there',
    () => testTar([...saved, ...bundlesAbout(sibling.digest)]),
  ],
  [
    144,
    'an index of something else, named by a bundle alone',
    () => testTar([...saved, blob(evilIndex.bytes), ...bundlesAbout(evilIndex.digest)]),
  ],
  [
    144,
    'another image, named by a bundle alone',
    () => testTar([...saved, ...allOf(evil), ...bundlesAbout(evil.digest)]),
  ],
  [
    144,
    'something else as a bundle’s config, beside no bundle',
    () =>
      testTar([
        ...good,
        ...bundlesAbout(own.digest, V03, 0, { layers: [], config: describeBlob('application/x', rider) }).slice(0, 1),
        blob(rider),
      ]),
  ],
  [
    144,
    'something else beside a bundle in its manifest',
    () =>
      testTar([
        ...good,
        ...bundlesAbout(own.digest, V03, 0, {
          layers: [describeBlob(V03, json({ mediaType: V03, number: 0 })), describeBlob('application/x', rider)],
        }),
        blob(rider),
      ]),
  ],
  [
    144,
    'a long config of a bundle',
    () =>
      testTar([
        ...good,
        ...bundlesAbout(own.digest, V03, 0, { config: describeBlob(V03, long) }).filter((_, at) => at !== 1),
        blob(long),
      ]),
  ],
  [
    16,
    'bundles that are too long together',
    () =>
      testTar([
        ...good,
        ...bundlesAbout(own.digest, V03, 0, { layers: Array(2).fill(describeBlob(V03, long)) }).slice(0, 2),
        blob(long),
      ]),
  ],
  [145, 'no bundle', () => testTar([...good, ...bundlesAbout(own.digest).filter((_, at) => at !== 2)])],
  [145, 'no config of a bundle', () => testTar([...good, ...bundlesAbout(own.digest).filter((_, at) => at !== 1)])],
  [
    145,
    'a bundle of another size than told',
    () =>
      testTar([
        ...good,
        ...bundlesAbout(own.digest, V03, 0, {
          layers: [{ ...describeBlob(V03, json({ mediaType: V03, number: 0 })), size: 1 }],
        }),
      ]),
  ],
  [
    145,
    'a changed bundle manifest',
    () =>
      testTar([
        ...good,
        ...bundlesAbout(own.digest).map((member, at) =>
          at === 0 ? { ...member, bytes: Buffer.concat([member.bytes ?? rider, Buffer.from(' ')]) } : member,
        ),
      ]),
    'DIGEST_MISMATCH',
  ],
  [
    145,
    'a changed bundle',
    () =>
      testTar([
        ...good,
        ...bundlesAbout(own.digest).map((member, at) =>
          at === 2 ? { ...member, bytes: Buffer.from(`${member.bytes}`.replace('0', '1')) } : member,
        ),
      ]),
    'DIGEST_MISMATCH',
  ],
  [145, 'a changed layer', () => changedBlob(layer.digest), 'DIGEST_MISMATCH'],
  [145, 'a changed config', () => changedBlob(own.config.digest), 'DIGEST_MISMATCH'],
  [145, 'a changed manifest', () => changedBlob(own.digest), 'DIGEST_MISMATCH'],
  [145, 'a changed index', () => changedBlob(image.digest), 'DIGEST_MISMATCH'],
  [
    145,
    'an empty layer',
    () =>
      testTar(
        good.map((member) => (member.name === named(layer.digest) ? { ...member, bytes: Buffer.alloc(0) } : member)),
      ),
  ],
  [145, 'no layer', () => without(good, named(layer.digest))],
  [145, 'no config', () => without(good, named(own.config.digest))],
  [145, 'no manifest', () => without(good, named(own.digest))],
  [
    145,
    'a shorter layer',
    () =>
      testTar(
        good.map((member) =>
          member.name === named(layer.digest)
            ? { ...member, bytes: member.bytes?.subarray(1) ?? Buffer.alloc(0) }
            : member,
        ),
      ),
  ],
  [
    145,
    'a wrong size in the list',
    () =>
      edited(saved, './index.json', (text) =>
        text.replace(`"size":${own.bytes.length}`, `"size":${own.bytes.length + 1}`),
      ),
  ],
  [148, 'another name', () => testTar(members({ image: `${IMAGE}2` })), 'SIGNATURE_INVALID'],
  [49, 'no signature', () => testTar(members({ form: 'cosign-save-manifest', signers: [] })), 'SIGNATURE_MISSING'],
  [
    50,
    'somebody else’s signature',
    () => testTar(members({ signers: [createTestSigner({ image: IMAGE })] })),
    'SIGNATURE_FOREIGN',
  ],
  [51, 'a signature that is none', () => testTar(members({ signers: [forger] })), 'SIGNATURE_INVALID'],
];

/** Each name once, as all of these bundles have the same config. */
function isFirst({ name }: TestMember, position: number, all: readonly TestMember[]): boolean {
  return all.findIndex((member) => member.name === name) === position;
}

function indexAsSignatures(): Buffer {
  const list = entry(image.digest, image.index.bytes.length, 'sigs', mediaTypes.ociIndex);
  return edited(saved, './index.json', (text) => {
    const value = JSON.parse(text);
    return JSON.stringify({ ...value, manifests: [value.manifests[0], list] });
  }).subarray(0, -1024);
}

function changedBlob(digest: string): Buffer {
  return testTar(
    good.map((member) => {
      if (member.name !== named(digest)) return member;
      const bytes = Buffer.from(member.bytes ?? '');
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      return { ...member, bytes };
    }),
  );
}

function nested(): Buffer {
  const bytes = json({
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: [{ ...entry(image.digest, image.index.bytes.length, 'x', mediaTypes.ociIndex) }],
  });
  const list = edited(
    members({ form: 'cosign-save' }),
    './index.json',
    listing(entry(digestOf(bytes), bytes.length, 'imageIndex', mediaTypes.ociIndex)),
  );
  return Buffer.concat([list.subarray(0, -1024), testTar([blob(bytes)])]);
}

/** The same signature manifest listed twice. */
function twoLists(member: TestMember): TestMember {
  if (member.name !== './dangerzone.json') return member;
  const value = JSON.parse(Buffer.from(member.bytes ?? '').toString());
  return { ...member, bytes: json({ ...value, manifests: [...value.manifests, value.manifests[1]] }) };
}

describe('an archive whose documents do not agree', () => {
  it.each(attacks)(
    'bad input %i: %s: is refused, and the engine is given nothing',
    async (_, _title, build, code: ErrorCode = 'ARCHIVE_INVALID') => {
      const attempt = await loadOn(build());
      expect(attempt).toMatchObject({ code, inspected: code, installed: [], files: [] });
      expect(attempt.calls.filter((call) => call !== 'info')).toEqual([]);
    },
  );

  it('bad input 148: for another platform: is refused before anything is verified', async () => {
    const attempt = await loadOn(testTar(good), { platform: { os: 'linux', architecture: 's390x' } });
    expect(attempt).toMatchObject({
      code: 'PLATFORM_MISMATCH',
      inspected: 'PLATFORM_MISMATCH',
      calls: ['info'],
      files: [],
    });
  });

  it.each<[string, () => Buffer]>([
    ['only the index is signed, and travels too', () => testTar(members({ signed: [image.digest] }))],
    ['only the platform’s manifest is signed', () => testTar(members({ form: 'cosign-save-manifest' }))],
    ['a bundle about the image lies unlisted', () => testTar([...good, ...bundlesAbout(own.digest)])],
    ['a bundle about the index lies unlisted', () => testTar([...good, ...bundlesAbout(image.digest)])],
    [
      'a bundle about the index lies unlisted with the index, which nobody signed',
      () => testTar([...saved, blob(image.index.bytes), ...bundlesAbout(image.digest)]),
    ],
    [
      'a bundle about another platform’s image lies unlisted, whose index is there',
      () => testTar([...good, ...bundlesAbout(sibling.digest)]),
    ],
    [
      'bundles lie unlisted in the older form, and of a version that is not known',
      () =>
        testTar([
          ...good,
          ...bundlesAbout(own.digest, 'application/vnd.dev.sigstore.bundle+json;version=0.1'),
          ...bundlesAbout(own.digest, 'application/vnd.dev.sigstore.bundle.v0.9+json').slice(0, 1),
          ...bundlesAbout(own.digest, 'application/vnd.dev.sigstore.bundle.v0.9+json').slice(2),
        ]),
    ],
    [
      'fifty bundles about the image and as many about its index lie unlisted',
      () =>
        testTar([
          ...good,
          ...[own.digest, image.digest]
            .flatMap((about) => Array.from({ length: 50 }, (_, n) => bundlesAbout(about, V03, n)))
            .flat()
            .filter(isFirst),
        ]),
    ],
    [
      'bad input 143: its annotations give another name',
      () =>
        edited(good, './index.json', (text) =>
          text.replace('"kind"', '"org.opencontainers.image.ref.name":"docker.io/library/alpine:latest","kind"'),
        ),
    ],
    [
      'bad input 143: manifest.json gives another name',
      () => docker([{ ...dockerEntry, RepoTags: ['docker.io/library/alpine:latest'] }]),
    ],
    ['manifest.json says ./', () => docker([{ ...dockerEntry, Config: `./${dockerEntry.Config}` }])],
  ])('is taken where %s', async (_, build) => {
    expect(await loadOn(build())).toMatchObject({
      code: undefined,
      inspected: undefined,
      installed: [own.config.digest],
    });
  });
});
