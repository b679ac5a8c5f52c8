import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createVerifiedStream, hostPlatform, type LocalImage, type VerifiedImage } from '@dangerzone-image/core';
import {
  buildTestImage,
  createTestSigner,
  memorySource,
  publishTestImage,
  startTestRegistry,
  tarOf,
  verifiedTestImage,
} from '@dangerzone-image/core/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createRuntime } from './create-runtime.ts';
import { engines, type RunningEngine, startEngine } from './docker.test-support.ts';

const WORK_NAME = 'localhost/dangerzone-image/test:incoming';
const WORK_REPOSITORY = 'localhost/dangerzone-image/test';

describe.each(engines)('$name', (engine) => {
  let running: RunningEngine;
  beforeAll(async () => {
    running = await startEngine(engine);
  });
  afterAll(() => running?.[Symbol.asyncDispose]());

  const isContainerd = engine.store === 'containerd';
  const idOf = ({ index, config }: VerifiedImage) => (isContainerd ? index?.digest : config.digest);

  async function createScene() {
    const registry = await startTestRegistry();
    onTestFinished(async () => {
      await registry.close();
      await running.clean();
    });
    const name = `${registry.host}/team/sandbox`;
    const signer = createTestSigner({ image: name });
    const image = buildTestImage({ created: '2026-01-02T03:04:05Z' });
    publishTestImage(registry, 'team/sandbox', image, { signers: [signer] });
    const verified = verifiedTestImage(image, name, hostPlatform(), signer);
    const runtime = createRuntime({ host: `unix://${running.socket}` });
    const load = (as = WORK_NAME) =>
      runtime.load(createVerifiedStream(verified, memorySource([image]), name), { name: as });
    const claim = (...names: readonly string[]): LocalImage => ({ id: idOf(verified) ?? '', digests: [], names });
    /** A load whose last layer is wrong. */
    const breakOff = () => {
      const last = verified.manifest.layers.at(-1)?.digest;
      const source = memorySource([image], (digest, bytes) => (digest === last ? bytes.subarray(1) : bytes));
      return runtime.load(createVerifiedStream(verified, source, name), { name: WORK_NAME });
    };
    return { runtime, registry, name, image, verified, load, breakOff, claim };
  }
  const createContainer = async () => {
    const container = { Image: WORK_NAME, Cmd: ['/x'], HostConfig: { NetworkMode: 'none' } };
    const created = await running.ask('POST', '/containers/create', container);
    expect(created, JSON.stringify(created)).toMatchObject({ status: 201 });
  };
  const listed = async () =>
    (await running.ask('GET', '/images/json?all=1')).body as {
      Id: string;
      RepoTags: string[];
      RepoDigests: string[];
    }[];

  it('tells its version, store, platform, endpoint and free space', async () => {
    const { runtime } = await createScene();
    const info = await runtime.info();
    expect(info).toMatchObject({
      platform: hostPlatform(),
      endpoint: `unix://${running.socket}`,
      isRemote: false,
      isRootless: false,
      store: expect.stringMatching(isContainerd ? /^containerd/ : /^overlay2$|^vfs$/),
    });
    expect(info.version).toMatch(/^\d+\.\d+/);
    expect(info.freeBytes).toBeGreaterThan(0);
  });

  it('bad input 176: by pull and by load, the ID is what this store makes it', async () => {
    const { runtime, verified, load, claim } = await createScene();
    const pulled = await runtime.pull?.(verified, { name: WORK_NAME });
    await runtime.remove(claim(WORK_NAME));
    const loaded = await load();
    expect([pulled?.id, loaded.id]).toEqual([idOf(verified), idOf(verified)]);
    expect(loaded.names).toEqual([WORK_NAME]);
  });

  it('bad input 11: pulls by digest, and asks the registry for no tag', async () => {
    const { runtime, verified, registry } = await createScene();
    await runtime.pull?.(verified, { name: WORK_NAME });
    const manifests = registry.requests.filter((line) => line.includes('/manifests/'));
    expect(manifests.length).toBeGreaterThan(0);
    expect(manifests.filter((line) => !line.includes('/manifests/sha256:'))).toEqual([]);
  });

  it('leaves no name by digest after a pull, and nothing at all once ours is gone', async () => {
    const { runtime, verified, name, claim } = await createScene();
    await runtime.pull?.(verified, { name: WORK_NAME });
    expect(await runtime.images(name)).toEqual([]);
    await runtime.remove(claim(WORK_NAME));
    expect(await listed()).toEqual([]);
  });

  it('a name by digest that was there before a pull stays: it is somebody’s', async () => {
    const { runtime, verified, name, claim } = await createScene();
    await running.ask('POST', `/images/create?fromImage=${name}&tag=${verified.digest}`);
    await runtime.pull?.(verified, { name: WORK_NAME });
    await runtime.remove(claim(WORK_NAME));
    expect(await runtime.images(name)).toMatchObject([{ digests: [verified.digest] }]);
  });

  it('a pull over the image under its stable name takes no name from it', async () => {
    const { runtime, verified, name, load, claim } = await createScene();
    await load(`${name}:latest`);
    await load(`${name}:somebody`);
    await runtime.pull?.(verified, { name: WORK_NAME });
    await runtime.remove(claim(WORK_NAME));
    expect((await listed()).flatMap(({ RepoTags }) => RepoTags).sort()).toEqual([`${name}:latest`, `${name}:somebody`]);
  });

  it('counts what a pull fetches, upwards, and never more than there is', async () => {
    const { runtime, verified } = await createScene();
    const counts: number[] = [];
    await runtime.pull?.(verified, { name: WORK_NAME, onBytes: (bytes) => counts.push(bytes) });
    expect(counts).toEqual([...counts].sort((left, right) => left - right));
    expect(Math.max(0, ...counts)).toBeLessThanOrEqual(verified.size);
  });

  it('says why a pull failed although the answer was 200', async () => {
    const { runtime, verified, registry } = await createScene();
    await registry.close();
    await expect(runtime.pull?.(verified, { name: WORK_NAME })).rejects.toMatchObject({ code: 'RUNTIME_FAILED' });
    expect(await listed()).toEqual([]);
  });

  it('keeps nothing of a broken-off load: no image, and no temporary file', async () => {
    const { breakOff } = await createScene();
    await expect(breakOff()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(await listed()).toEqual([]);
    await expect.poll(() => readdir(join(running.folder, 'data', 'tmp')).catch(() => [])).toEqual([]);
  });

  it('is whole after a load, also right after one of the same content that broke off', async () => {
    const { load, breakOff } = await createScene();
    await expect(breakOff()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    await load();
    await createContainer();
  });

  it('bad input 178: does not remove the last name of an image that a container uses', async () => {
    const { runtime, load, claim } = await createScene();
    await load();
    await createContainer();
    await expect(runtime.remove(claim(WORK_NAME))).rejects.toMatchObject({
      code: 'RUNTIME_FAILED',
      details: { status: 409 },
    });
    expect((await runtime.images(WORK_REPOSITORY)).map(({ names }) => names)).toEqual([[WORK_NAME]]);
  });

  it('takes off no name that it was not told, of an image that has another', async () => {
    const { runtime, load, claim } = await createScene();
    await load();
    await runtime.tag(claim(), 'localhost/somebody:x');
    await runtime.remove(claim(WORK_NAME));
    expect((await listed()).flatMap(({ RepoTags }) => RepoTags)).toEqual(['localhost/somebody:x']);
  });

  it('removes no nameless image of somebody’s that the one it removes was built on', async () => {
    const { runtime, load } = await createScene();
    const base = await load('localhost/somebody:x');
    const { body } = await running.ask('POST', '/containers/create', { Image: base.id, Cmd: ['/x'] });
    const { Id } = body as { Id: string };
    await running.ask('POST', `/commit?container=${Id}&repo=${WORK_REPOSITORY}&tag=incoming`, {});
    await running.ask('DELETE', `/containers/${Id}`);
    const [built] = await runtime.images(WORK_REPOSITORY);
    await running.ask('DELETE', '/images/localhost/somebody:x?noprune=1');
    const before = (await listed()).map((row) => row.Id);
    await runtime.remove(built ?? base);
    expect((await listed()).map((row) => row.Id)).toEqual(before.filter((id) => id !== built?.id));
    expect(before).toContain(isContainerd ? built?.id : base.id);
  });

  it('bad input 171: reads its list although somebody’s image has labels that differ in case alone', async () => {
    const { runtime } = await createScene();
    const labels = ['Vendor=a', 'vendor=b'].map((label) => `changes=${encodeURIComponent(`LABEL ${label}`)}`).join('&');
    const path = `/images/create?fromSrc=-&repo=localhost/somebody&tag=x&${labels}`;
    await running.ask('POST', path, tarOf({ 'etc/somebody': '' }));
    expect(await runtime.images('localhost/somebody')).toMatchObject([{ names: ['localhost/somebody:x'] }]);
  });

  it('exports its own copy, with the config as it was signed', async () => {
    const { runtime, load, verified, image } = await createScene();
    const loaded = await load();
    const chunks: Uint8Array[] = [];
    for await (const chunk of runtime.save?.(loaded) ?? []) chunks.push(chunk);
    const config = image.blobs.find(({ digest }) => digest === verified.config.digest)?.bytes ?? 'none';
    expect(Buffer.concat(chunks).includes(config)).toBe(true);
  });

  it('an aborted pull and an aborted load end at once, as an abort', async () => {
    const { runtime, verified, image, name } = await createScene();
    const reason = new Error('stop');
    const aborted = AbortSignal.abort(reason);
    await expect(runtime.pull?.(verified, { name: WORK_NAME, signal: aborted })).rejects.toBe(reason);
    const abort = new AbortController();
    const stream = createVerifiedStream(verified, memorySource([image]), name);
    const loading = runtime.load(stream, { name: WORK_NAME, signal: abort.signal, onBytes: () => abort.abort(reason) });
    await expect(loading).rejects.toBe(reason);
    expect(await listed()).toEqual([]);
  });
});
