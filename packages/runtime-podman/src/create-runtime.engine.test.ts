import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVerifiedStream, hexOf, hostPlatform, type LocalImage, type VerifiedImage } from '@dangerzone-image/core';
import {
  buildTestImage,
  createTestSigner,
  describeRuntimeContract,
  memorySource,
  publishTestImage,
  startTestRegistry,
  type TestFiles,
  tarOf,
  verifiedTestImage,
} from '@dangerzone-image/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRuntime } from './create-runtime.ts';
import { createStore, isPodmanHere } from './podman.test-support.ts';

if (isPodmanHere) {
  describeRuntimeContract('podman', async () => {
    const { options, dispose } = await createStore();
    return { runtime: createRuntime(options), dispose };
  });
}

async function createScene() {
  const store = await createStore();
  const registry = await startTestRegistry();
  onTestFinished(async () => {
    await registry.close();
    await store.dispose();
  });
  const name = `${registry.host}/team/sandbox`;
  const signer = createTestSigner({ image: name });
  const image = buildTestImage({ created: '2026-01-02T03:04:05Z' });
  publishTestImage(registry, 'team/sandbox', image, { signers: [signer] });
  const verified = verifiedTestImage(image, name, hostPlatform(), signer);
  return { ...store, runtime: createRuntime(store.options), registry, name, image, verified };
}

const WORK_NAME = 'localhost/dangerzone-image/test:incoming';

const claim = ({ config }: VerifiedImage, ...names: readonly string[]): LocalImage => ({
  id: hexOf(config.digest),
  digests: [],
  names,
});

describe.skipIf(!isPodmanHere)('podman', () => {
  it('tells its version, store, platform and free space', async () => {
    const { runtime, options } = await createScene();
    const info = await runtime.info();
    expect(info).toMatchObject({ platform: hostPlatform(), endpoint: options.root, isRemote: false });
    expect(info.version).toMatch(/^\d+\.\d+/);
    expect(info.freeBytes).toBeGreaterThan(0);
  });

  it('by pull and by load the image claims the same: ID is the config, digests are index and manifest', async () => {
    const { runtime, verified, image, name } = await createScene();
    const pulled = await runtime.pull?.(verified, { name: WORK_NAME });
    await runtime.remove(claim(verified, WORK_NAME));
    const stream = createVerifiedStream(verified, memorySource([image]), name);
    const loaded = await runtime.load(stream, { name: WORK_NAME });
    expect(pulled).toEqual(loaded);
    expect(loaded).toEqual({
      id: hexOf(verified.config.digest),
      digests: [verified.index?.digest, verified.manifest.digest],
      names: [WORK_NAME],
    });
  });

  it('stages, where there is room: what nobody loads is in no store', async () => {
    const { runtime, verified, image, name } = await createScene();
    const stream = createVerifiedStream(verified, memorySource([image]), name);
    const staged = await runtime.stage?.(stream, { name: WORK_NAME });
    expect(staged).toBeDefined();
    await staged?.[Symbol.asyncDispose]();
    expect(await runtime.images('localhost/dangerzone-image/test')).toEqual([]);
  });

  it('bad input 11: pulls by digest, and asks the registry for no tag', async () => {
    const { runtime, verified, registry } = await createScene();
    await runtime.pull?.(verified, { name: WORK_NAME });
    const manifests = registry.requests.filter((line) => line.includes('/manifests/'));
    expect(manifests.length).toBeGreaterThan(0);
    expect(manifests.filter((line) => !line.includes('/manifests/sha256:'))).toEqual([]);
  });

  it('leaves no name by digest after a pull, and one that was there before stays', async () => {
    const { runtime, verified, name, podman } = await createScene();
    await runtime.pull?.(verified, { name: WORK_NAME });
    expect(await runtime.images(name)).toEqual([]);
    await runtime.remove(claim(verified, WORK_NAME));
    expect(JSON.parse((await podman('images', '--format', 'json')).stdout)).toEqual([]);

    await podman('pull', '--quiet', '--tls-verify=false', `${name}@${verified.digest}`);
    await runtime.pull?.(verified, { name: WORK_NAME });
    await runtime.remove(claim(verified, WORK_NAME));
    expect(await runtime.images(name)).toMatchObject([{ digests: [verified.digest, verified.manifest.digest] }]);
  });

  it('leaves no name by digest after a pull over an image that came by a load', async () => {
    const { runtime, verified, image, name, podman } = await createScene();
    await runtime.load(createVerifiedStream(verified, memorySource([image]), name), { name: `${name}:latest` });
    await runtime.pull?.(verified, { name: WORK_NAME });
    await runtime.remove(claim(verified, WORK_NAME, `${name}:latest`));
    expect(JSON.parse((await podman('images', '--all', '--format', 'json')).stdout)).toEqual([]);
  });

  it('keeps nothing of a broken-off load, in its store or in the folder for temporary files', async () => {
    const { runtime, verified, image, name, podman } = await createScene();
    const folder = await mkdtemp(join(tmpdir(), 'spool-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const before = process.env.TMPDIR;
    process.env.TMPDIR = folder;
    onTestFinished(() => {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    });
    const source = memorySource([image], (digest, bytes) =>
      digest === verified.manifest.layers.at(-1)?.digest ? bytes.subarray(1) : bytes,
    );
    const stream = createVerifiedStream(verified, source, name);
    await expect(runtime.load(stream, { name: WORK_NAME })).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(JSON.parse((await podman('images', '--all', '--format', 'json')).stdout)).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  it('refuses to remove the last name of an image that a container uses, and the image stays', async () => {
    const { runtime, verified, name, podman } = await createScene();
    await runtime.pull?.(verified, { name: WORK_NAME });
    expect((await podman('create', '--network', 'none', WORK_NAME)).failed).toBe(false);
    await expect(runtime.remove(claim(verified, WORK_NAME))).rejects.toMatchObject({
      code: 'RUNTIME_FAILED',
    });
    expect((await runtime.images('localhost/dangerzone-image/test')).map(({ names }) => names)).toEqual([[WORK_NAME]]);
    expect(await runtime.images(name)).toEqual([]);
  });

  it('bad input 171: reads its list although somebody’s image has labels that differ in case alone', async () => {
    const { runtime, verified, image, name, podman, options } = await createScene();
    const tar = join(options.root, '..', 'somebody.tar');
    await writeFile(tar, tarOf({ 'etc/somebody': '' }));
    const labels = ['--change', 'LABEL Vendor=a', '--change', 'LABEL vendor=b'];
    expect((await podman('import', '--quiet', ...labels, tar, 'localhost/somebody:x')).failed).toBe(false);
    await runtime.load(createVerifiedStream(verified, memorySource([image]), name), { name: WORK_NAME });
    expect(await runtime.images('localhost/somebody')).toMatchObject([{ names: ['localhost/somebody:x'] }]);
  });

  it('removes no nameless image of somebody’s that ours was built on', async () => {
    const { runtime, podman, name } = await createScene();
    const history = [{ created: '2026-01-02T03:04:05Z', created_by: 'base' }];
    const base = { 'etc/base': '' };
    const install = async (layers: readonly TestFiles[], as: string) => {
      const config = { history: layers.map(() => history[0]) };
      const image = buildTestImage({ created: '2026-01-02T03:04:05Z', layers, config });
      const verified = verifiedTestImage(image, name, hostPlatform());
      return runtime.load(createVerifiedStream(verified, memorySource([image]), name), { name: as });
    };
    const theirs = await install([base], 'localhost/somebody:x');
    await podman('untag', theirs.id);
    await runtime.remove(await install([base, { 'etc/top': '' }], WORK_NAME));
    const left = JSON.parse((await podman('images', '--all', '--format', 'json')).stdout) as { Id: string }[];
    expect(left.map(({ Id }) => Id)).toEqual([theirs.id]);
  });

  it('an aborted pull ends at once, as an abort', async () => {
    const { runtime, verified } = await createScene();
    const reason = new Error('stop');
    await expect(runtime.pull?.(verified, { name: WORK_NAME, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
