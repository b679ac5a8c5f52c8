import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlink } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
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
  await expect.poll(() => answers(socket), { timeout: 10_000 }).toBe(true);
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

  it('that does not answer: unavailable, and where to look', async () => {
    const refusal = await runtimeAt('unix:///nonexistent/podman.sock')
      .info()
      .catch((error) => error);
    expect(refusal).toMatchObject({ code: 'RUNTIME_UNAVAILABLE', details: { exitCode: 125 } });
    expect(refusal.suggestions.join()).toContain('system connection list');
  });
});
