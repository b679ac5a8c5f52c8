import { describe, expect, it } from 'vitest';
import { mediaTypes } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { parseReference } from '../oci/reference.ts';
import { bundleManifest, publishBundles, referrersTag } from '../testing/bundle-manifest.ts';
import { startTestRegistry } from '../testing/test-registry.ts';
import { endlessBody, type Fault, type FaultHook } from '../testing/test-registry-fault.ts';
import { openRegistry } from './open-registry.ts';
import { withoutPause } from './retry-policy.test-support.ts';

const repository = 'team/sandbox';
const reference = parseReference(`registry.example.org/${repository}`);
const digest = digestOf(Buffer.from('an image'));
const other = digestOf(Buffer.from('another image'));
const V03 = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const EMPTY_TYPE = 'application/vnd.oci.empty.v1+json';
const SPDX = 'application/spdx+json';
const bundle = { mediaType: V03, bytes: Buffer.from('{"a":"bundle"}') };
const second = { mediaType: V03, bytes: Buffer.from('{"another":"bundle"}') };

interface World {
  /** Whether it has the referrers API, and how many a page; without, publishers list them under a tag. */
  readonly api?: { readonly pageSize?: number } | undefined;
  readonly fault?: FaultHook;
}

async function start({ api, fault }: World = {}) {
  const registry = await startTestRegistry({ ...(api && { referrersApi: api }), ...(fault && { fault }) });
  const source = openRegistry({ origin: new URL(registry.origin), env: {}, retry: withoutPause });
  const find = (of: Digest = digest) => source.findBundles(reference, of);
  const publish = (...bundles: Parameters<typeof publishBundles>[3]) =>
    publishBundles(registry, repository, digest, bundles, api ? undefined : referrersTag(digest));
  /** A manifest as it is, listed as a referrer with these members in its descriptor. */
  const publishRaw = (manifest: object, listed: object = {}) => {
    const bytes = Buffer.from(JSON.stringify(manifest));
    const pushed = registry.putManifest(repository, bytes, mediaTypes.ociManifest);
    list([{ mediaType: mediaTypes.ociManifest, digest: pushed, size: bytes.length, ...listed }]);
  };
  const list = (manifests: readonly object[]) => {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }));
    registry.putManifest(repository, bytes, mediaTypes.ociIndex, referrersTag(digest));
  };
  return { registry, find, publish, publishRaw, list, [Symbol.asyncDispose]: registry.close };
}

/** The manifest of a good bundle, and members put over it. */
function manifestWith(members: object): object {
  return { ...JSON.parse(Buffer.from(bundleManifest(digest, bundle).bytes).toString()), ...members };
}

const onList =
  (fault: Fault): FaultHook =>
  ({ path }) =>
    path.includes('/referrers/') ? fault : undefined;
const onFallback =
  (fault: Fault): FaultHook =>
  ({ path }) =>
    path.endsWith(referrersTag(digest)) ? fault : undefined;
const onBlobs =
  (fault: Fault): FaultHook =>
  ({ path }) =>
    path.includes('/blobs/') ? fault : undefined;

describe.each([
  ['with the referrers API', {}],
  ['without it, by the tag', undefined],
])('findBundles at a registry %s', (_name, api) => {
  it('finds every bundle about the digest, and none about another', async () => {
    await using started = await start({ api });
    started.publish(bundle, second);
    expect(await started.find()).toEqual([bundle, second]);
    expect(await started.find(other)).toEqual([]);
  });

  it('says none where nothing refers to the digest', async () => {
    await using started = await start({ api });
    expect(await started.find()).toEqual([]);
  });

  it.each(
    ['v0.1+json', 'v0.2+json', 'v0.9+json']
      .map((version) => `application/vnd.dev.sigstore.bundle.${version}`)
      .concat(['0.1', '0.2', '0.3'].map((version) => `application/vnd.dev.sigstore.bundle+json;version=${version}`)),
  )('finds one of media type %s: whether it is understood is not asked here', async (mediaType) => {
    await using started = await start({ api });
    started.publish({ ...bundle, mediaType });
    expect(await started.find()).toEqual([{ ...bundle, mediaType }]);
  });

  it.each([SPDX, 'application/vnd.dev.sigstore.bundle', `${V03};version=0.3`, `${V03}\n`, `x${V03}`, 'constructor'])(
    'leaves what is of media type %j alone',
    async (mediaType) => {
      await using started = await start({ api });
      started.publish({ ...second, mediaType }, bundle);
      expect(await started.find()).toEqual([bundle]);
      expect(started.registry.requests.filter((line) => line.includes('/blobs/'))).toHaveLength(1);
    },
  );

  it.each([
    [50, undefined],
    [51, 'LIMIT_EXCEEDED'],
  ])('bad input 15: %i candidates', async (count, code) => {
    await using started = await start({ api });
    started.publish(
      ...Array.from({ length: count }, (_, at) => ({ mediaType: V03, bytes: Buffer.from(`{"number":${at}}`) })),
    );
    if (!code) return expect(await started.find()).toHaveLength(count);
    await expect(started.find()).rejects.toMatchObject({ code });
    expect(started.registry.requests.filter((line) => /blobs|manifests.sha256:/.test(line))).toEqual([]);
  });

  it.each([
    ['401', { status: 401 }, 'REGISTRY_ANSWER_INVALID'],
    ['403', { status: 403 }, 'REGISTRY_DENIED'],
    ['429', { status: 429 }, 'REGISTRY_UNREACHABLE'],
    ['500', { status: 500 }, 'REGISTRY_UNREACHABLE'],
    ['a broken connection', { resetAfter: -1 }, 'REGISTRY_UNREACHABLE'],
    ['a web page', { status: 200, headers: { 'content-type': 'text/html' } }, 'REGISTRY_ANSWER_INVALID'],
    ['nothing', { status: 200, body: '' }, 'REGISTRY_ANSWER_INVALID'],
    ['no content', { status: 204 }, 'REGISTRY_ANSWER_INVALID'],
    [
      'an answer without end',
      { status: 200, headers: { 'content-length': undefined }, body: endlessBody('{') },
      'REGISTRY_ANSWER_INVALID',
    ],
    ['an image manifest', { status: 200, body: JSON.stringify(manifestWith({})) }, 'MANIFEST_INVALID'],
    ['no JSON', { status: 200, body: '{' }, 'MANIFEST_INVALID'],
    [
      'a list whose digest is a path',
      { status: 200, body: '{"schemaVersion":2,"manifests":[{"mediaType":"a/b","digest":"sha256:../x","size":1}]}' },
      'MANIFEST_INVALID',
    ],
  ] as const)('bad input 13: never reads %s as "no bundles"', async (_name, fault, code) => {
    await using started = await start({ api, fault: (api ? onList : onFallback)(fault) });
    await expect(started.find()).rejects.toMatchObject({ code });
  });

  it('never reads a listed manifest or a bundle that is not there as "no bundles"', async () => {
    for (const kind of ['/blobs/', '/manifests/sha256:']) {
      await using started = await start({
        api,
        fault: ({ path }) => (path.includes(kind) ? { status: 404 } : undefined),
      });
      started.publish(bundle);
      await expect(started.find()).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    }
  });

  it.each(['/blobs/', '/manifests/sha256:'])('bad input 9: refuses other bytes than were named (%s)', async (kind) => {
    await using started = await start({ api, fault: ({ path }) => (path.includes(kind) ? { body: '{}' } : undefined) });
    started.publish(bundle);
    await expect(started.find()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });
});

describe('findBundles', () => {
  it.each([EMPTY_TYPE, SPDX, undefined])(
    'bad input 12: finds a bundle that is listed as %s: the manifest says what it is',
    async (artifactType) => {
      await using started = await start();
      started.publishRaw(manifestWith({ artifactType }), { artifactType });
      for (const { bytes } of bundleManifest(digest, bundle).blobs) started.registry.putBlob(repository, bytes);
      expect(await started.find()).toEqual([bundle]);
    },
  );

  it('believes no annotation', async () => {
    await using started = await start();
    const annotations = { 'dev.sigstore.bundle.content': 'nonsense', 'dev.sigstore.bundle.predicateType': SPDX };
    started.publishRaw(manifestWith({ annotations }), { annotations });
    for (const { bytes } of bundleManifest(digest, bundle).blobs) started.registry.putBlob(repository, bytes);
    expect(await started.find()).toEqual([bundle]);
  });

  it.each<[string, object]>([
    ['is about another digest', { subject: { mediaType: mediaTypes.ociIndex, digest: other, size: 1000 } }],
    ['is about nothing', { subject: undefined }],
    ['says it is an index', { mediaType: mediaTypes.ociIndex }],
    ['has a layer without a digest', { layers: [{ mediaType: V03, size: 3 }] }],
    ['has no layers', { layers: undefined }],
    ['names its subject twice', { Subject: {} }],
  ])('takes a listed manifest for none that %s', async (_name, members) => {
    await using started = await start();
    started.publishRaw(manifestWith(members));
    expect(await started.find()).toEqual([]);
  });

  it('reads no index that is listed, and each manifest once', async () => {
    await using started = await start();
    const manifest = bundleManifest(digest, bundle);
    started.publish(bundle);
    started.registry.requests.splice(0);
    const entry = { mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.bytes.length };
    started.list([{ ...entry, mediaType: mediaTypes.ociIndex, digest: other }, entry, entry]);
    expect(await started.find()).toEqual([bundle]);
    expect(started.registry.requests).toHaveLength(4); // list by API, by tag, manifest, bundle
  });

  it('takes two bundles of the same bytes for two, fetched once', async () => {
    await using started = await start();
    const layers = bundleManifest(digest, bundle)
      .blobs.slice(1)
      .map(({ digest, bytes }) => ({ mediaType: V03, digest, size: bytes.length }));
    started.publish(bundle);
    started.publishRaw(manifestWith({ layers: [...layers, ...layers] }));
    expect(await started.find()).toEqual([bundle, bundle]);
    expect(started.registry.requests.filter((line) => line.includes('/blobs/'))).toHaveLength(1);
  });

  it.each([
    ['bad input 16: announced with 2 GiB', { size: 2 ** 31 }, 'LIMIT_EXCEEDED'],
    ['bad input 16: announced with 200 bytes, 2 GiB served', { size: 200 }, 'LIMIT_EXCEEDED'],
    ['bad input 38: of another size than told', { size: 3 }, 'DIGEST_MISMATCH'],
  ])('refuses a bundle: %s', async (_name, { size }, code) => {
    const endless = { headers: { 'content-length': undefined }, body: endlessBody('{') };
    await using started = await start(size === 200 ? { fault: onBlobs(endless) } : {});
    started.publish(bundle);
    started.publishRaw(manifestWith({ layers: [{ mediaType: V03, digest: digestOf(bundle.bytes), size }] }));
    await expect(started.find()).rejects.toMatchObject({ code });
  });

  it('bad input 16: refuses bundles that are too large together', async () => {
    await using started = await start();
    const size = 9 * 1024 * 1024;
    started.publishRaw(
      manifestWith({ layers: [digest, other].map((each) => ({ mediaType: V03, digest: each, size })) }),
    );
    await expect(started.find()).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  it.each([
    [50, undefined],
    [51, 'LIMIT_EXCEEDED'],
  ])('bad input 15: %i bundles in one manifest', async (count, code) => {
    await using started = await start();
    started.publish(bundle);
    const layer = { mediaType: V03, digest: digestOf(bundle.bytes), size: bundle.bytes.length };
    started.publishRaw(manifestWith({ layers: Array(count).fill(layer) }));
    if (code) await expect(started.find()).rejects.toMatchObject({ code });
    else expect(await started.find()).toHaveLength(count);
  });

  it('bad input 38: refuses a manifest whose size is not as listed', async () => {
    await using started = await start();
    started.publishRaw(manifestWith({}), { size: 3 });
    await expect(started.find()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  it('reads every page of a list', async () => {
    await using started = await start({ api: { pageSize: 2 } });
    const bundles = Array.from({ length: 5 }, (_, at) => ({ mediaType: V03, bytes: Buffer.from(`{"number":${at}}`) }));
    started.publish(...bundles);
    expect(await started.find()).toEqual(bundles);
    expect(started.registry.requests.filter((line) => line.includes('/referrers/'))).toHaveLength(3);
  });

  it('never asks for the tag where the API answers, nor ends a list where a page is missing', async () => {
    const fault: FaultHook = ({ path }) => (path.endsWith('?from=1') ? { status: 404 } : undefined);
    await using started = await start({ api: { pageSize: 1 }, fault });
    started.publish(bundle, second);
    await expect(started.find()).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    expect(started.registry.requests.filter((line) => line.endsWith(referrersTag(digest)))).toEqual([]);
  });

  it.each([400, 404, 406])('looks under the tag where the API is not known and the answer is %i', async (status) => {
    await using started = await start({ fault: onList({ status }) });
    started.publish(bundle);
    expect(await started.find()).toEqual([bundle]);
  });

  it('bad input 1: leaves a listed manifest alone that is far larger than a bundle’s', async () => {
    await using started = await start({ api: {} });
    started.publish(bundle);
    const padded = bundleManifest(digest, second, { annotations: { padding: 'x'.repeat(256 * 1024) } });
    started.registry.putManifest(repository, padded.bytes, padded.mediaType);
    for (const blob of padded.blobs) started.registry.putBlob(repository, blob.bytes);
    expect(await started.find()).toEqual([bundle]);
    expect(started.registry.requests.filter((line) => line.includes(padded.digest))).toEqual([]);
  });

  const path = `/v2/${repository}/referrers/${digest}`;
  it.each<[string, string | ((page: number) => string), number, string]>([
    ['without end', (page) => `<${path}?page=${page}>; rel="next"`, 20, 'LIMIT_EXCEEDED'],
    ['in a circle', `<${path}?page=1>; rel="next"`, 2, 'MANIFEST_INVALID'],
    ['to itself', `<${path}>; rel="next"`, 1, 'MANIFEST_INVALID'],
    ['to another host', `<https://evil.example${path}?page=1>; rel="next"`, 1, 'MANIFEST_INVALID'],
    ['to another host, scheme left out', `<//evil.example${path}?page=1>; rel=next`, 1, 'MANIFEST_INVALID'],
    ['to a file', '<file:///etc/passwd>; rel="next"', 1, 'MANIFEST_INVALID'],
    ['to another repository', `</v2/other/image/referrers/${digest}?page=1>; rel="next"`, 1, 'MANIFEST_INVALID'],
    ['to another digest’s list', `<${path.replace(digest, other)}?page=1>; rel="next"`, 1, 'MANIFEST_INVALID'],
    ['to what is no URL', '<http://[>; rel="next"', 1, 'MANIFEST_INVALID'],
    ['two ways', `<${path}?page=1>; rel="next", <${path}?page=2>; rel="next"`, 1, 'MANIFEST_INVALID'],
  ])('bad input 15: refuses a list that goes on %s', async (_name, link, pages, code) => {
    let page = 0;
    const fault = () => ({ headers: { link: typeof link === 'string' ? link : link(++page) } });
    await using started = await start({ api: {}, fault: (request) => onList(fault())(request) });
    started.publish(bundle);
    await expect(started.find()).rejects.toMatchObject({ code });
    expect(started.registry.requests).toHaveLength(pages);
  });

  it.each([
    `<${path.replace(':', '%3A')}?from=1&x=%2F>; foo="bar"; rel="next"`,
    `<https://registry.example.org/>; rel="help", <?from=1&x=%2F>; REL=next`,
  ])('follows %s, and no other link', async (link) => {
    const fault: FaultHook = ({ path }) =>
      path.includes('/referrers/') && !path.includes('?') ? { headers: { link } } : undefined;
    await using started = await start({ api: { pageSize: 1 }, fault });
    started.publish(bundle, second);
    expect(await started.find()).toEqual([bundle, second]);
    expect(started.registry.requests).toContain(`GET ${path}?from=1&x=%2F`);
  });

  it.each([
    [20_000, 'MANIFEST_INVALID'],
    [100_000, 'REGISTRY_ANSWER_INVALID'], // more than a document may have
  ])('bad input 15: refuses a page of %i descriptors', async (length, code) => {
    const entry = { mediaType: mediaTypes.ociManifest, digest: other, size: 1 };
    const manifests = Array.from({ length }, () => entry);
    const body = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests });
    await using started = await start({ api: {}, fault: onList({ body }) });
    await expect(started.find()).rejects.toMatchObject({ code });
  });

  it('bad input 37: asks for nothing that is no digest', async () => {
    await using started = await start();
    await expect(started.find('sha256:../../x')).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
    expect(started.registry.requests).toEqual([]);
  });
});
