import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { printsAs, readPage } from './docs-page.ts';
import { podmanEngines, runnableRelease } from './podman-engines.ts';
import { playScenario, type Step } from './scripted-scenario.ts';
import { build, first, machine, name, program, released, root, temporary, version } from './single-file-machine.ts';
import { createWorld, type Engine, release, type World } from './world.ts';

// One file, since all of it is tried on one build.
beforeAll(() => build(first));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

const onWorld = ({ profile, state, runtime }: World) => [
  ...['--json', '--profile', profile, '--state-dir', state, '--runtime', runtime.name],
  ...Object.entries(runtime.options).flatMap(([key, value]) => ['--runtime-option', `${key}=${value}`]),
];

/** What the package says, for comparison. */
async function asPackage(...args: string[]): Promise<string> {
  await using world = await createWorld();
  return (await world.runBare(args)).stdout;
}

describe('the single file, in an empty folder without Node in PATH', () => {
  it('checks, installs, verifies, upgrades, and refuses what the package refuses', async () => {
    await using world = await createWorld();
    const { run, cwd } = machine();
    const words = onWorld(world);
    world.publish(release(1));
    expect(await run('check', ...words)).toMatchObject({ code: 0, json: { verb: 'check' } });
    expect(await run('verify-local', ...words)).toMatchObject({
      code: 6,
      json: { error: { code: 'IMAGE_NOT_INSTALLED' } },
    });
    expect(await run('upgrade', ...words)).toMatchObject({ code: 0, json: { status: 'installed' } });
    expect(await run('verify-local', ...words)).toMatchObject({ code: 0, json: { status: 'verified' } });
    world.publish(release(2));
    expect(await run('upgrade', ...words)).toMatchObject({ code: 0, json: { status: 'upgraded' } });
    world.publish(release(1));
    expect(await run('upgrade', ...words)).toMatchObject({
      code: 4,
      json: { error: { code: expect.stringContaining('ROLLBACK') } },
    });
    expect(await run('status', ...words)).toMatchObject({ code: 0, json: { status: 'verified' } });
    expect(await run('state', 'show', ...words)).toMatchObject({ code: 0, json: { status: 'healthy' } });
    expect(await run('doctor', ...words)).toMatchObject({ code: 0, json: { status: 'ok' } });
    // Both read one state: who changes from one to the other loses nothing.
    expect(await world.run(['verify-local'])).toMatchObject({ code: 0, json: { status: 'verified' } });
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('has the verbs and their options that the package has', async () => {
    const { run } = machine();
    expect((await run('--version')).output).toBe(await asPackage('--version'));
    expect((await run('--help')).output).toBe(await asPackage('--help'));
    expect((await run('upgrade', '--help')).output).toBe(await asPackage('upgrade', '--help'));
    expect((await run('completion', 'bash')).output).toBe(await asPackage('completion', 'bash'));
    expect((await run('upgrad')).code).toBe(2);
  });

  it('has the adapters inside that the package brings', async () => {
    // In which order oclif reads packages is left to chance.
    const named = (text: string) =>
      JSON.parse(text)
        .runtimes.map(({ name, plugin, bundled }: Record<string, unknown>) => `${name} of ${plugin}, ${bundled}`)
        .sort();
    const { output } = await machine().run('runtimes', '--json');
    expect(named(output)).toEqual(named(await asPackage('runtimes', '--json')));
  });

  it.skipIf(process.platform === 'win32')(
    'starts Podman as its adapter does: the program is found and asked',
    async () => {
      const bin = mkdtempSync(join(temporary, 'podman-'));
      writeFileSync(join(bin, 'podman'), `#!/bin/sh\necho "$@" >> '${bin}/asked'\necho broken >&2\nexit 125\n`);
      chmodSync(join(bin, 'podman'), 0o755);
      const without = await machine().run('status', '--json', '--runtime', 'podman');
      expect(without).toMatchObject({ code: 6, json: { error: { code: 'RUNTIME_UNAVAILABLE' } } });
      expect(await machine({ bin }).run('status', '--json', '--runtime', 'podman')).toMatchObject({ code: 6 });
      expect(readFileSync(join(bin, 'asked'), 'utf8')).not.toBe('');
    },
  );

  it.skipIf(process.platform === 'win32')('asks Docker as its adapter does: by its socket', async () => {
    const socket = join(temporary, 'docker.sock');
    const asked: string[] = [];
    const server = createServer(({ url = '' }, response) => {
      asked.push(url);
      response.writeHead(500).end('{"message": "broken"}');
    });
    await new Promise<void>((listening) => server.listen(socket, listening));
    const { run } = machine({ env: { DOCKER_HOST: `unix://${socket}` } });
    expect(await run('status', '--json', '--runtime', 'docker')).toMatchObject({ code: 6 });
    await new Promise((closed) => server.close(closed));
    expect(asked).not.toEqual([]);
  });
});

const onFiles: Engine = { name: 'oci-layout', options: (path) => ({ path }), env: () => ({ PATH: '' }) };

describe('the single file plays the scripted scenario as the package does', () => {
  let usual: Step[];
  beforeAll(async () => {
    await using world = await createWorld({ auth: 'token' });
    usual = await playScenario(world, runnableRelease);
  });

  it.each([onFiles, ...podmanEngines.slice(0, 1)])('acceptance 13: on $name', async (engine) => {
    await using world = await createWorld({ auth: 'token' }, { ...engine, program });
    expect(await playScenario(world, runnableRelease)).toEqual(usual);
  });
});

describe('the single file runs no code but its own', () => {
  const canary = join(temporary, 'was-run');
  const touch = `require('node:fs').writeFileSync(${JSON.stringify(canary)}, '');`;

  function plant(folder: string, files: Readonly<Record<string, string>>): void {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text, { mode: 0o600 });
    }
  }

  const hooks = { 'runtime:lima': { target: './index.js', identifier: 'createRuntime' } };
  const plugin = {
    'package.json': JSON.stringify({ name: 'runtime-lima', version: '1.0.0', oclif: { hooks } }),
    'index.js': `${touch} exports.createRuntime = () => ({});`,
  };

  it('refuses plugins add, and a runtime that somebody else brings, also where the package had added it', async () => {
    const { run, home, cwd } = machine();
    plant(join(cwd, 'lima'), plugin);
    const added = { schema: 1, plugins: [{ name: 'runtime-lima', path: join(cwd, 'lima') }] };
    const refused = { code: 2, json: { error: { code: 'USAGE', message: expect.stringMatching(/single file/) } } };
    expect(await run('plugins', 'add', './lima', '--json')).toMatchObject(refused);
    plant(home, { '.config/dangerzone-image/plugins.json': JSON.stringify(added) });
    plant(home, { 'Library/Application Support/dangerzone-image/plugins.json': JSON.stringify(added) });

    const named = await run('status', '--json', '--runtime', 'lima');
    expect(named).toMatchObject({ code: 2, json: { error: { code: 'RUNTIME_UNKNOWN' } } });
    expect(named.json.error.suggestions.join(' ')).toMatch(/single file .* npm/);
    const listed = await run('plugins', 'list', '--json');
    expect(listed.json).toMatchObject({
      plugins: [{ name: 'runtime-lima', problem: expect.stringMatching(/single file/) }],
    });
    expect((await run('runtimes', '--json', '--runtime', 'lima')).output).not.toContain('runtime-lima');
    expect((await run('plugins', 'remove', 'runtime-lima', '--json')).code).toBe(0);
    expect(existsSync(canary)).toBe(false);
  });

  it('passes by packages in the current folder, beside itself and in NODE_PATH, and NODE_OPTIONS', async () => {
    const planted = join(temporary, 'planted');
    plant(planted, { 'evil.js': touch });
    const env = { NODE_OPTIONS: `--require ${join(planted, 'evil.js')}`, NODE_PATH: join(planted, 'node_modules') };
    const { run, cwd } = machine({ env });
    for (const folder of [cwd, first, planted]) {
      for (const name of ['@dangerzone-image/runtime-podman', '@dangerzone-image/core', 'execa', 'undici']) {
        plant(join(folder, 'node_modules', name), plugin);
      }
      plant(folder, { 'package.json': plugin['package.json'], 'oclif.manifest.json': '{"commands":{}}' });
    }
    const words = ['--runtime', 'oci-layout', '--runtime-option', 'path=images'];
    for (const args of [['runtimes'], ['status', ...words], ['doctor', ...words], ['--help']]) {
      expect((await run(...args)).code).toBe(0);
    }
    expect(existsSync(canary)).toBe(false);
  });
});

const page = readPage('install');
const isPagePlatform = process.platform === 'linux' && process.arch === 'x64';
if (!isPagePlatform) console.warn('skipped: docs/install.md has its commands for Linux on x64');

describe.skipIf(!isPagePlatform)('docs/install.md', () => {
  it('verifies, installs, and removes everything, by its commands from top to bottom', async () => {
    await using world = await createWorld();
    world.publish(release(1));
    const { home, cwd, run } = machine();
    const { profile, runtime } = world;
    const config = join(home, '.config', 'dangerzone-image', 'config.json');
    mkdirSync(dirname(config), { recursive: true, mode: 0o700 });
    const settings = { profile, runtime: runtime.name, runtimeOptions: runtime.options };
    writeFileSync(config, JSON.stringify(settings), { mode: 0o600 });
    for (const file of released) symlinkSync(join(first, file), join(cwd, file));
    expect(await run('upgrade')).toMatchObject({ code: 0 });
    expect(readdirSync(join(home, '.local', 'share'))).toEqual(['dangerzone-image']);
    // Of Dangerzone and of this tool, in one folder.
    const shared = join(home, '.local', 'share', 'dangerzone');
    for (const part of ['signatures/x', 'manifests', 'reset-2026']) mkdirSync(join(shared, part), { recursive: true });
    for (const file of ['signatures/last_log_index', 'ledger.json', 'ledger.lock', 'ledger.json.damaged-1', 'other'])
      writeFileSync(join(shared, file), '');

    const env = { HOME: home, PATH: `${join(home, '.local', 'bin')}:/usr/bin:/bin` };
    for (const { script: asWritten, exitCode, prints } of page.runnable) {
      const script = asWritten.replaceAll('0.1.0', version);
      const shell = spawnSync('sh', ['-e', '-c', `exec 2>&1\n${script}`], { cwd, env, encoding: 'utf8' });
      expect({ script, code: shell.status, printed: shell.stdout }).toMatchObject({ code: exitCode });
      if (prints !== undefined) expect(shell.stdout).toMatch(printsAs(prints.replaceAll('0.1.0', version)));
    }
    expect(readdirSync(shared, { recursive: true }).sort()).toEqual([
      'other',
      'signatures',
      'signatures/last_log_index',
      'signatures/x',
    ]);
    rmSync(shared, { recursive: true });
    expect(readdirSync(home, { recursive: true }).sort()).toEqual(['.config', '.local', '.local/bin', '.local/share']);
  });

  it('names what is not run: npm, another commit, engines', () => {
    expect(page.notRun).toEqual([
      expect.stringContaining('npm install'),
      expect.stringContaining('git checkout'),
      expect.stringContaining('podman rmi'),
    ]);
    expect(page.unknownComments).toEqual([]);
  });
});

describe('npm run build:binary', () => {
  it('writes the sums of the executable and of the licences', () => {
    const files = released.slice(0, 2);
    const sums = files.map((file) => `${sha256(join(first, file))}  ${file}\n`).join('');
    expect(readFileSync(join(first, 'SHA256SUMS'), 'utf8')).toBe(sums);
  });

  it('names what is inside with its licence, Node first of all', () => {
    const notices = readFileSync(join(first, `${name}.THIRD-PARTY-NOTICES.txt`), 'utf8');
    expect(notices).toContain(`Node.js ${process.version}`);
    const inside = ['@oclif/core', '@sigstore/verify', 'execa', 'undici', 'valibot'];
    expect(inside.filter((library) => !notices.includes(`\n${library} `))).toEqual([]);
    expect(notices).not.toMatch(/^(vitest|rolldown|typescript) /m);
  });

  it('makes the same bytes again, which name no folder of this machine', () => {
    const second = join(temporary, 'second');
    build(second);
    expect(readFileSync(join(second, 'SHA256SUMS'), 'utf8')).toBe(readFileSync(join(first, 'SHA256SUMS'), 'utf8'));
    rmSync(second, { recursive: true });
    expect(readFileSync(program).includes(root)).toBe(false);
  });
});
