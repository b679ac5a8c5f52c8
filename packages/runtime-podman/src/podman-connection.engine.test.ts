import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlink } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { createVerifiedStream, hexOf, hostPlatform } from '@dangerzone-image/core';
import {
  buildTestImage,
  createTestSigner,
  memorySource,
  publishTestImage,
  startTestRegistry,
  verifiedTestImage,
} from '@dangerzone-image/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { podmanRuntime } from './create-runtime.ts';
import { createStore, isPodmanHere } from './podman.test-support.ts';
import { podmanRunner } from './run-podman.ts';

/** Podman's own service on a socket, as one on another machine is reached. */
async function startService(): Promise<{ socket: string }> {
  const { options, dispose } = await createStore();
  const socket = join(options.root, '..', 'service.sock');
  const words = ['--root', options.root, '--runroot', options.runroot, 'system', 'service', '--time', '0'];
  const child = spawn('podman', [...words, `unix://${socket}`], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill();
    await exited;
    await dispose();
  });
  await expect.poll(() => answers(socket)).toBe(true);
  return { socket };
}

const answers = (socket: string) =>
  new Promise<boolean>((resolve) => {
    const connection = createConnection(socket, () => resolve(connection.end() && true));
    connection.on('error', () => resolve(false));
  });

function runtimeAt(address: string) {
  const env = { CONTAINER_HOST: address };
  const run = podmanRunner({ program: 'podman', globals: ['--remote'] });
  return podmanRuntime((args, call) => run(args, { ...call, env: { ...call?.env, ...env } }), {
    platform: process.platform,
    env,
  });
}

describe.skipIf(!isPodmanHere)('bad input 173: Podman talks to a service', () => {
  it('is told as remote, under the address that is used here, whatever the service calls itself', async () => {
    const { socket } = await startService();
    const ours = `${socket}.ours`;
    await symlink(socket, ours);
    const info = await runtimeAt(`unix://${ours}`).info();
    expect(info).toMatchObject({ isRemote: true, endpoint: `unix://${ours}` });
    expect(info.freeBytes).toBeGreaterThan(0);
  });

  it('and both roads work through it as they do without, as with a machine', async () => {
    const { socket } = await startService();
    const registry = await startTestRegistry();
    onTestFinished(() => registry.close());
    const name = `${registry.host}/team/sandbox`;
    const signer = createTestSigner({ image: name });
    const image = buildTestImage({ created: '2026-01-02T03:04:05Z' });
    publishTestImage(registry, 'team/sandbox', image, { signers: [signer] });
    const verified = verifiedTestImage(image, name, hostPlatform(), signer);
    const runtime = runtimeAt(`unix://${socket}`);
    const incoming = { name: 'localhost/dangerzone-image/test:incoming' };

    const loaded = await runtime.load(createVerifiedStream(verified, memorySource([image]), name), incoming);
    expect(loaded).toMatchObject({ id: hexOf(verified.config.digest), names: [incoming.name] });
    await runtime.remove(loaded);
    expect(await runtime.pull?.(verified, incoming)).toEqual(loaded);
    expect(await runtime.images(name)).toEqual([]);
    await runtime.tag(loaded, `${name}:latest`);
    await runtime.remove(loaded);
    expect(await runtime.images(name)).toMatchObject([{ id: loaded.id, names: [`${name}:latest`] }]);

    const cut = memorySource([image], (_, bytes) => bytes.subarray(1));
    const other = { name: 'localhost/dangerzone-image/test:broken' };
    await expect(runtime.load(createVerifiedStream(verified, cut, name), other)).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
    });
    expect(await runtime.images('localhost/dangerzone-image/test')).toEqual([]);
  });

  it('that does not answer: unavailable, and where to look', async () => {
    const refusal = await runtimeAt('unix:///nonexistent/podman.sock')
      .info()
      .catch((error) => error);
    expect(refusal).toMatchObject({ code: 'RUNTIME_UNAVAILABLE', details: { exitCode: 125 } });
    expect(refusal.suggestions.join()).toContain('system connection list');
  });
});
