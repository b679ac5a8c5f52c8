import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createWorld } from './world.ts';

/** Runs `verify-local` with a runtime that has nothing, and tells which packages were loaded on the way. */
async function packagesOf(runtime: string, options: Readonly<Record<string, string>>): Promise<Set<string>> {
  const folder = await mkdtemp(join(tmpdir(), 'dangerzone-image-modules-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [hook, log] = [join(folder, 'hook.mjs'), join(folder, 'log')];
  await writeFile(
    hook,
    `import { appendFileSync } from 'node:fs';
     import { registerHooks } from 'node:module';
     registerHooks({ load(url, context, next) { appendFileSync(${JSON.stringify(log)}, url + '\\n'); return next(url, context); } });`,
  );
  await using world = await createWorld({}, { name: runtime, options: () => options });
  const { code } = await world.run(['verify-local'], { env: { NODE_OPTIONS: `--import=${pathToFileURL(hook)}` } });
  expect(code).toBe(6);
  const urls = (await readFile(log, 'utf8')).split('\n');
  const names = urls.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []);
  const own = urls.flatMap((url) => /\/packages\/([^/]+)\/dist\//.exec(url)?.[1] ?? []);
  return new Set([...names, ...own]);
}

describe('a run loads the libraries of its own runtime alone', () => {
  it('docker: dockerode, and nothing of Podman', async () => {
    const loaded = await packagesOf('docker', { host: 'unix:///nowhere/docker.sock' });
    expect(loaded).toContain('runtime-docker');
    expect(loaded).toContain('dockerode');
    for (const name of ['runtime-podman', 'execa']) expect(loaded).not.toContain(name);
  });

  it('podman: nothing of Docker, dockerode’s own libraries included', async () => {
    const loaded = await packagesOf('podman', { command: '/bin/false' });
    expect(loaded).toContain('runtime-podman');
    expect(loaded).toContain('execa');
    for (const name of ['runtime-docker', 'dockerode', 'docker-modem', 'ssh2', '@grpc/grpc-js', 'protobufjs'])
      expect(loaded).not.toContain(name);
  });

  it('oci-layout: no engine’s', async () => {
    const loaded = await packagesOf('oci-layout', { path: '/nowhere' });
    for (const name of ['runtime-docker', 'runtime-podman', 'dockerode', 'execa']) expect(loaded).not.toContain(name);
  });
});
