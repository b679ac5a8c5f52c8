import { spawnSync } from 'node:child_process';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createWorld, type Outcome, release, type World } from './world.ts';

interface Check {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly suggestions: readonly string[];
}

const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
if (!isRoot) console.log('not tested: doctor as another user and on a full disk. Only root can set that up.');
const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

async function machine() {
  const world = await createWorld();
  onTestFinished(() => world[Symbol.asyncDispose]());
  world.publish(release(1));
  return world;
}

async function examine(world: World, words: readonly string[], options = {}) {
  const common = ['--profile', world.profile, '--state-dir', world.state, '--json', '--exit-code'];
  const run: Outcome = await world.runBare(['doctor', ...common, ...words], options);
  const { runtimes, checks } = run.json as unknown as { runtimes: Record<string, unknown>[]; checks: Check[] };
  const named = Object.fromEntries(checks.map((check) => [check.name, check]));
  return { code: run.code, runtime: (name: string) => runtimes.find((one) => one.name === name), check: named };
}

const docker = (socket: string) => ['--runtime', 'docker', '--runtime-option', `host=unix://${socket}`];

describe('doctor', () => {
  it('an engine that was stopped: its socket is named, and what to do', async () => {
    const world = await machine();
    const socket = join(world.folder, 'docker.sock');
    const { code, runtime, check } = await examine(world, docker(socket));
    expect(code).toBe(6);
    expect(check.runtime?.status).toBe('problem');
    expect(runtime('docker')).toMatchObject({
      available: false,
      reason: {
        code: 'RUNTIME_UNAVAILABLE',
        message: expect.stringContaining(socket),
        suggestions: [expect.any(String)],
      },
    });
  });

  it.skipIf(!isRoot)('a socket that this user may not open is told apart from a stopped engine', async () => {
    const world = await machine();
    const folder = join('/var/tmp', `dangerzone-image-doctor-${process.pid}`);
    await mkdir(folder, { mode: 0o755 });
    onTestFinished(() => rm(folder, { recursive: true }));
    const socket = join(folder, 'docker.sock');
    const server = createServer().listen(socket);
    onTestFinished(() => void server.close());
    await chmod(socket, 0o600);
    const env = { HOME: folder, DANGERZONE_IMAGE_STATE_DIR: join(folder, 'state') };
    const words = ['runtimes', '--json', ...docker(socket)];
    const run = await world.runBare(words, { env, prefix: asNobody });
    const { runtimes } = run.json as unknown as { runtimes: { name: string; reason: { message: string } }[] };
    const reason = runtimes.find(({ name }) => name === 'docker')?.reason;
    expect(reason).toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
    expect(reason?.message).toMatch(/permission|may not|allowed|EACCES/i);
  });

  it.skipIf(!isRoot)('a disk that is too full for the image: what it needs, and what there is', async () => {
    const world = await machine();
    await mkdir(world.layout, { recursive: true });
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', world.layout]);
    onTestFinished(() => void spawnSync('umount', ['--lazy', world.layout]), 0);
    expect(mounted.status).toBe(0);
    const words = ['--runtime', 'oci-layout', '--runtime-option', `path=${world.layout}`];
    await world.run(['upgrade']);
    const filled = spawnSync('dd', ['if=/dev/zero', `of=${join(world.layout, 'full')}`, 'bs=4096', 'count=8']);
    expect(filled.status).not.toBe(0);
    const { code, check } = await examine(world, words);
    expect({ code, space: check.space }).toMatchObject({
      code: 6,
      space: { status: 'problem', message: expect.stringMatching(/needs/), suggestions: [expect.any(String)] },
    });
  });

  it('a dead proxy is named, and nothing goes around it', async () => {
    const world = await machine();
    const words = ['--runtime', 'oci-layout', '--runtime-option', `path=${world.layout}`];
    const { check } = await examine(world, words, { env: { ALL_PROXY: 'http://127.0.0.1:1' } });
    expect(check.registry).toMatchObject({ status: 'problem', message: expect.stringContaining('http://127.0.0.1:1') });
    expect(world.registry.requests).toEqual([]);
  });
});
