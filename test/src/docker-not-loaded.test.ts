import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createWorld } from './world.ts';

/** The files of adapters that a `verify-local` loads, with a runtime that has nothing: `runtime-x/dist/…`. */
async function adapterFiles(runtime: string, options: Readonly<Record<string, string>>): Promise<string[]> {
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
  return urls.flatMap(
    (url) => /\/(runtime-[^/]+\/dist\/.+)$/.exec(url)?.[1] ?? /node_modules\/(dockerode|execa)\//.exec(url)?.[1] ?? [],
  );
}

const dockerode = 'runtime-docker/dist/chunks/docker.js';

describe('a run loads the adapter of its own runtime alone', () => {
  it('docker: with dockerode, and nothing of Podman', async () => {
    const loaded = await adapterFiles('docker', { host: 'unix:///nowhere/docker.sock' });
    expect(loaded).toContain(dockerode);
    expect(loaded.filter((file) => !file.startsWith('runtime-docker/'))).toEqual([]);
  });

  it.each<[string, Record<string, string>]>([
    ['podman', { command: '/bin/false' }],
    ['oci-layout', { path: '/nowhere' }],
  ])('%s: and nothing of Docker', async (runtime, options) => {
    const loaded = await adapterFiles(runtime, options);
    expect(loaded).toContain(`runtime-${runtime}/dist/index.js`);
    expect(loaded.filter((file) => !file.startsWith(`runtime-${runtime}/`))).toEqual([]);
  });
});
