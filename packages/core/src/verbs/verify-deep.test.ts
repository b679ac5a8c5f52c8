import { describe, expect, it } from 'vitest';
import { CodedError } from '../errors/coded-error.ts';
import { type Digest, digestOf, hexOf } from '../oci/digest.ts';
import { hostPlatform } from '../oci/platform.ts';
import type { ContainerRuntime, RuntimeInfo } from '../runtime/container-runtime.ts';
import { guardRuntime } from '../runtime/guard-runtime.ts';
import { chunksOf, type TestMember, tarOfMembers } from '../runtime/saved-tar.test-support.ts';
import { buildTestImage } from '../testing/test-image.ts';
import { tarOf } from '../testing/test-layer.ts';
import { upgrade } from './upgrade.ts';
import { createVerbWorld } from './verb-world.test-support.ts';
import { verifyLocal } from './verify-local.ts';

const files = [{ a: '1' }, { b: '2' }, { a: '1' }];
const image = buildTestImage({ created: '2026-01-02T03:04:05Z', layers: files });
const manifest = image.manifestFor({ os: 'linux', architecture: hostPlatform().architecture });
const { config, layers } = manifest;
const tars = files.map(tarOf);
const diffIds = tars.map(digestOf);

const blob = (bytes: Uint8Array, digest: Digest = digestOf(bytes)): TestMember => ({
  name: `blobs/sha256/${hexOf(digest)}`,
  bytes,
});
const document = (name: string, value: unknown): TestMember => ({ name, bytes: JSON.stringify(value) });
const dockerManifest = (Config: string, Layers: readonly string[], ...more: object[]) =>
  document('manifest.json', [{ Config, RepoTags: null, Layers }, ...more]);
const none = Buffer.alloc(0);
const [first = none, second = none] = tars;
const [firstPacked = none, secondPacked = none] = layers.map(({ bytes }) => bytes);

/** As Docker up to 24 writes it: the layer that is there twice is a link. */
const classic = {
  layers: [
    { name: 'one/', type: '5' },
    { name: 'one/layer.tar', bytes: first },
    { name: 'two/layer.tar', bytes: second },
    { name: 'three/layer.tar', type: '2', linkName: '../one/layer.tar' },
  ],
  config: { name: 'c.json', bytes: config.bytes },
  list: dockerManifest('c.json', ['one/layer.tar', 'two/layer.tar', 'three/layer.tar']),
};
const descriptor = ({ digest, bytes }: { digest: Digest; bytes: Uint8Array }, mediaType: string) => ({
  mediaType,
  digest,
  size: bytes.length,
});
const layout = {
  blobs: [blob(firstPacked), blob(secondPacked), blob(config.bytes)],
  documents: [blob(manifest.bytes), blob(image.index.bytes)],
  index: document('index.json', {
    schemaVersion: 2,
    manifests: [descriptor(image.index, 'application/vnd.oci.image.index.v1+json')],
  }),
};
const allOfClassic = [...classic.layers, classic.config, classic.list];
const allOfLayout = [...layout.blobs, ...layout.documents, layout.index];

async function installed(save: ContainerRuntime['save'], info: Partial<RuntimeInfo> = {}) {
  const known = { version: '1', platform: hostPlatform(), endpoint: 'memory', isRemote: false };
  const world = await createVerbWorld({ ...(save && { save }), info: async () => ({ ...known, ...info }) });
  world.publish(image);
  await upgrade({ ...world.context, allowRemoteEngine: true });
  world.events.length = 0;
  return world;
}
const giving = (members: readonly TestMember[]) => installed(() => chunksOf(tarOfMembers(members)));

describe('verify-local --deep', () => {
  it.each([
    ['a docker-archive with a link for a repeated layer', allOfClassic],
    ['a docker-archive with its list at the front', [classic.list, classic.config, ...classic.layers]],
    [
      'a docker-archive over packed blobs',
      [...layout.blobs, dockerManifest(...listOf([firstPacked, secondPacked, firstPacked]))],
    ],
    ['an OCI layout with an index', allOfLayout],
    ['an OCI layout in another order', [...allOfLayout].reverse()],
  ])('reads %s, and finds every layer verified', async (_, members) => {
    const { context, events } = await giving(members);
    const result = await verifyLocal(context, { deep: true });
    expect(result.layers).toEqual(diffIds.map((diffId) => ({ diffId, status: 'verified' })));
    expect(events.at(-1)).toEqual({ type: 'hash', bytes: tarOfMembers(members).length });
    expect((await verifyLocal(context)).layers).toBeUndefined();
  });

  function listOf(packed: readonly Uint8Array[]): [string, string[]] {
    return [blob(config.bytes).name, packed.map((bytes) => blob(bytes).name)];
  }
  const changedFirst = Buffer.from(first).fill('x', 512, 513);
  const changedGzip = Buffer.from(secondPacked).fill(7, 4, 5); // a time in its header, which unpacks to the same

  it.each<[string, readonly TestMember[], number | undefined]>([
    [
      'a changed layer',
      [...classic.layers.with(1, { name: 'one/layer.tar', bytes: changedFirst }), classic.config, classic.list],
      1,
    ],
    ['a missing layer', [...classic.layers.toSpliced(2, 1), classic.config, classic.list], 2],
    [
      'layers in another order',
      [
        ...classic.layers,
        classic.config,
        dockerManifest('c.json', ['two/layer.tar', 'one/layer.tar', 'one/layer.tar']),
      ],
      1,
    ],
    [
      'a link to another layer',
      [
        ...classic.layers.with(3, { name: 'three/layer.tar', type: '2', linkName: '../two/layer.tar' }),
        classic.config,
        classic.list,
      ],
      3,
    ],
    [
      'a link to nothing',
      [
        ...classic.layers.with(3, { name: 'three/layer.tar', type: '2', linkName: '../x' }),
        classic.config,
        classic.list,
      ],
      3,
    ],
    [
      'a layer too few',
      [...classic.layers, classic.config, dockerManifest('c.json', ['one/layer.tar', 'two/layer.tar'])],
      3,
    ],
    [
      'a packed layer of other bytes that unpacks to the same',
      [...allOfLayout.with(1, blob(changedGzip, digestOf(secondPacked)))],
      2,
    ],
    [
      'a layer too many',
      [
        ...classic.layers,
        classic.config,
        dockerManifest('c.json', ['one/layer.tar', 'two/layer.tar', 'one/layer.tar', 'two/layer.tar']),
      ],
      undefined,
    ],
    ['another config', [...classic.layers, { name: 'c.json', bytes: '{}' }, classic.list], undefined],
    ['no config', [...classic.layers, classic.list], undefined],
    [
      'a link in a circle',
      [
        ...classic.layers.with(3, { name: 'three/layer.tar', type: '2', linkName: 'layer.tar' }),
        classic.config,
        classic.list,
      ],
      undefined,
    ],
    ['a member twice', [...allOfClassic, classic.config], undefined],
    [
      'two images',
      [
        ...classic.layers,
        classic.config,
        dockerManifest('c.json', ['one/layer.tar'], { Config: 'c.json', Layers: [] }),
      ],
      undefined,
    ],
    ['a list of another form', [...classic.layers, classic.config, document('manifest.json', {})], undefined],
    [
      'a changed manifest',
      [
        ...layout.blobs,
        blob(Buffer.concat([manifest.bytes, Buffer.from(' ')]), manifest.digest),
        blob(image.index.bytes),
        layout.index,
      ],
      undefined,
    ],
    ['no list at all', [...classic.layers, classic.config], undefined],
    ['nothing', [], undefined],
  ])('refuses %s, and names the layer', async (_, members, position) => {
    const { context } = await giving(members);
    expect((await verifyLocal(context)).status).toBe('verified');
    const refusal = await verifyLocal(context, { deep: true }).catch((error) => error);
    expect(refusal).toMatchObject({ code: 'IMAGE_NOT_VERIFIED' });
    expect(refusal.details.layers[0]?.position).toBe(position);
    if (position) expect(refusal.message).toContain(`layer ${position} of 3 (${diffIds[position - 1]})`);
  });

  it('names the layer at which the engine broke off, with the engine’s words', async () => {
    const { context } = await installed(async function* () {
      yield tarOfMembers(classic.layers.slice(0, 2), none);
      throw new CodedError('RUNTIME_FAILED', 'checksum failed');
    });
    await expect(verifyLocal(context, { deep: true })).rejects.toMatchObject({
      code: 'IMAGE_NOT_VERIFIED',
      details: { layers: [{ position: 2, diffId: diffIds[1] }] },
      message: expect.stringContaining('checksum failed'),
    });
  });

  it.each([
    ['with one layer’s DiffID', `reading ${diffIds[1]}: checksum failed`, [{ position: 2, diffId: diffIds[1] }]],
    ['with two', `reading ${diffIds[0]}, ${diffIds[1]}`, []],
    ['with none', 'checksum failed for "b"', []],
  ])('names no layer that it does not know where nothing came but words %s', async (_, words, known) => {
    // biome-ignore lint/correctness/useYield: it fails before its first byte
    const { context } = await installed(async function* () {
      throw new CodedError('RUNTIME_FAILED', words);
    });
    const refusal = await verifyLocal(context, { deep: true }).catch((error) => error);
    expect(refusal).toMatchObject({ code: 'IMAGE_NOT_VERIFIED', details: { layers: known } });
  });

  it('refuses an export of which all came, and then the engine ended badly', async () => {
    const { context } = await installed(async function* () {
      yield tarOfMembers(allOfClassic);
      throw new CodedError('RUNTIME_FAILED', 'exit code 125');
    });
    await expect(verifyLocal(context, { deep: true })).rejects.toMatchObject({ code: 'IMAGE_NOT_VERIFIED' });
  });

  it.each(['RUNTIME_UNAVAILABLE', 'DISK_FULL'] as const)('passes %s on as it is', async (code) => {
    // biome-ignore lint/correctness/useYield: it fails before its first byte
    const { context } = await installed(async function* () {
      throw new CodedError(code, 'not now');
    });
    await expect(verifyLocal(context, { deep: true })).rejects.toMatchObject({ code });
  });

  it('takes what is no bytes for no export', async () => {
    const { context } = await installed(async function* () {
      yield 'text' as unknown as Uint8Array;
    });
    await expect(verifyLocal(context, { deep: true })).rejects.toMatchObject({ code: 'IMAGE_NOT_VERIFIED' });
  });

  it('says of each layer that it was not checked where the engine has no export', async () => {
    const { context } = await installed(undefined);
    const { layers: verdicts } = await verifyLocal(context, { deep: true });
    const reason = expect.stringContaining('cannot give back');
    expect(verdicts).toEqual(diffIds.map((diffId) => ({ diffId, status: 'not-checked', reason })));
  });

  it('does not say of blobs that they are the files that run, and refuses changed ones', async () => {
    const save = () => chunksOf(tarOfMembers(allOfLayout));
    const { context } = await installed(save, { savesOriginals: true });
    const reason = expect.stringContaining('not the files that it runs');
    expect((await verifyLocal(context, { deep: true })).layers).toContainEqual({
      diffId: diffIds[0],
      status: 'not-checked',
      reason,
    });
    const changed = () => chunksOf(tarOfMembers(allOfLayout.toSpliced(1, 1)));
    const other = await installed(changed, { savesOriginals: true });
    await expect(verifyLocal(other.context, { deep: true })).rejects.toMatchObject({ code: 'IMAGE_NOT_VERIFIED' });
  });

  it('ends at once when it is told to', async () => {
    const stop = new AbortController();
    const { context } = await installed(async function* () {
      yield tarOfMembers(allOfClassic, none);
      stop.abort(new Error('stopped'));
      for (;;) yield Buffer.alloc(1024);
    });
    await expect(verifyLocal({ ...context, signal: stop.signal }, { deep: true })).rejects.toThrow('stopped');
  });

  it('asks no engine on another machine for its copy without leave', async () => {
    const { context } = await installed(() => chunksOf(tarOfMembers(allOfClassic)), { isRemote: true });
    await expect(verifyLocal(context, { deep: true })).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
    const ask = async () => {
      for await (const chunk of guardRuntime(context.runtime).save?.({ id: 'x', digests: [], names: [] }) ?? [])
        expect(chunk).toBeUndefined();
    };
    await expect(ask()).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
    const allowed = { ...context, allowRemoteEngine: true };
    expect((await verifyLocal(allowed, { deep: true })).layers).toHaveLength(3);
  });
});
