import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli, temporaryFolder, writeFiles } from '../run-cli.test-support.ts';

const adapter = `
  const info = async () => ({ version: '1', platform: { os: 'linux', architecture: 'amd64' }, store: 'none', endpoint: 'here', isRemote: false });
  const nothing = async () => [];
  export const createRuntime = () => ({ name: 'lima', info, images: nothing, load: nothing, tag: nothing, remove: nothing });`;
const hook = { target: './index.js', identifier: 'createRuntime' };

/** A person's machine, with a package that brings the runtime `lima` in a folder of theirs. */
function machine(overrides: { readonly package?: object; readonly code?: string } = {}) {
  const home = temporaryFolder();
  const plugin = join(home, 'lima');
  const canary = join(home, 'was-run');
  const touch = `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(canary)}, '');`;
  writeFiles(plugin, {
    'package.json': {
      name: 'runtime-lima',
      type: 'module',
      oclif: { hooks: { 'runtime:lima': hook } },
      ...overrides.package,
    },
    'index.js': touch + (overrides.code ?? adapter),
    'other.js': touch,
  });
  const env = { HOME: home };
  const run = async (...words: string[]) => {
    const { code, stdout } = await runCli([...words, '--json', '--state-dir', join(home, 'state')], { env, cwd: home });
    return { code, json: JSON.parse(stdout) };
  };
  return {
    home,
    plugin,
    run,
    wasRun: () => existsSync(canary),
    list: join(home, '.config/dangerzone-image/plugins.json'),
  };
}

describe('plugins', () => {
  it('a package is added, listed, used by its runtime’s name, and removed', async () => {
    const { plugin, run, wasRun } = machine();
    expect(await run('plugins', 'add', './lima')).toEqual({
      code: 0,
      json: {
        schema: 1,
        verb: 'plugins add',
        status: 'added',
        plugin: { name: 'runtime-lima', path: plugin, runtimes: ['lima'] },
      },
    });
    expect((await run('plugins', 'list')).json.plugins).toEqual([
      { name: 'runtime-lima', path: plugin, runtimes: ['lima'] },
    ]);
    expect((await run('status', '--runtime', 'oci-layout', '--runtime-option', 'path=images')).code).toBe(0);
    expect(wasRun()).toBe(false);

    expect(await run('status', '--runtime', 'lima')).toMatchObject({ code: 0, json: { status: 'not-installed' } });
    expect(wasRun()).toBe(true);

    expect(await run('plugins', 'remove', 'runtime-lima')).toMatchObject({ code: 0, json: { status: 'removed' } });
    expect(await run('status', '--runtime', 'lima')).toMatchObject({
      code: 2,
      json: { error: { code: 'RUNTIME_UNKNOWN' } },
    });
    expect(await run('plugins', 'remove', 'runtime-lima')).toMatchObject({ code: 2 });
  });

  it('runtimes lists it with the bundled ones, and runs it only when it is named', async () => {
    const { run, wasRun, home } = machine();
    await run('plugins', 'add', './lima');
    const listed = async (...words: string[]) => {
      const { json } = await run('runtimes', ...words);
      return Object.fromEntries(json.runtimes.map((runtime: { name: string }) => [runtime.name, runtime]));
    };
    expect(await listed()).toMatchObject({
      lima: { plugin: 'runtime-lima', bundled: false, available: false },
      podman: { bundled: true, available: false, reason: { code: 'RUNTIME_UNAVAILABLE' } },
      'oci-layout': { bundled: true, available: false, reason: { code: 'USAGE' } },
    });
    expect(wasRun()).toBe(false);
    expect(await listed('--runtime', 'lima')).toMatchObject({ lima: { available: true, version: '1' } });
    expect(wasRun()).toBe(true);
    const named = ['--runtime', 'oci-layout', '--runtime-option', `path=${join(home, 'images')}`];
    expect(await listed(...named)).toMatchObject({ 'oci-layout': { available: true, store: 'oci-layout' } });
  });

  it('is announced as code of somebody else’s whenever it is used', async () => {
    const { home, run } = machine();
    await run('plugins', 'add', './lima');
    const { stderr } = await runCli(['status', '--runtime', 'lima', '--state-dir', join(home, 's')], {
      env: { HOME: home },
    });
    expect(stderr).toContain('not part of this tool');
  });

  it('nothing but the runtime is taken from a package: no command, and no hook of the framework', async () => {
    const other = { target: './other.js', identifier: 'createRuntime' };
    const hooks = { 'runtime:lima': hook, init: other, prerun: other, command_not_found: other };
    const { run, wasRun } = machine({ package: { oclif: { commands: '.', hooks } } });
    await run('plugins', 'add', './lima');
    await run('plugins', 'list');
    await run('other');
    expect(wasRun()).toBe(false);
  });

  it.each<[string, Parameters<typeof machine>[0]]>([
    ['one without a runtime', { package: { oclif: { hooks: { init: hook } } } }],
    ['one without any metadata of ours', { package: { oclif: undefined } }],
    ['one that claims a name of ours', { package: { oclif: { hooks: { 'runtime:podman': hook } } } }],
    [
      'one that claims a name of ours that this version does not bring',
      { package: { oclif: { hooks: { 'runtime:docker': hook } } } },
    ],
    ['a runtime whose name is none', { package: { oclif: { hooks: { 'runtime:../x': hook } } } }],
    [
      'an entry that is not there',
      { package: { oclif: { hooks: { 'runtime:lima': { ...hook, target: './nope.js' } } } } },
    ],
    [
      'an entry outside of the package',
      { package: { oclif: { hooks: { 'runtime:lima': { ...hook, target: '../outside.js' } } } } },
    ],
    [
      'an entry by its absolute path',
      { package: { oclif: { hooks: { 'runtime:lima': { ...hook, target: '/etc/passwd' } } } } },
    ],
    [
      'an export that is no name',
      { package: { oclif: { hooks: { 'runtime:lima': { ...hook, identifier: 'a b' } } } } },
    ],
    ['a package whose name is a path', { package: { name: '../x' } }],
  ])('refuses %s, and lists nothing', async (_, overrides) => {
    const { home, run, wasRun, list } = machine(overrides);
    writeFileSync(join(home, 'outside.js'), adapter);
    expect(await run('plugins', 'add', './lima')).toMatchObject({ code: 2, json: { error: { code: 'USAGE' } } });
    expect(existsSync(list)).toBe(false);
    expect(wasRun()).toBe(false);
  });

  it.skipIf(process.platform === 'win32').each(['', 'package.json', 'index.js'])(
    'refuses a package whose %j others may change, when it is added and when it is used',
    async (name) => {
      const { plugin, run, wasRun } = machine();
      chmodSync(join(plugin, name), 0o777);
      expect((await run('plugins', 'add', './lima')).code).toBe(2);
      chmodSync(join(plugin, name), 0o755);
      expect((await run('plugins', 'add', './lima')).code).toBe(0);
      chmodSync(join(plugin, name), 0o777);
      expect(await run('status', '--runtime', 'lima')).toMatchObject({ code: 2 });
      expect((await run('plugins', 'list')).json.plugins[0]).toMatchObject({ problem: expect.any(String) });
      expect(wasRun()).toBe(false);
    },
  );

  it.skipIf(process.platform === 'win32')('refuses a list that others may change', async () => {
    const { run, list, wasRun } = machine();
    await run('plugins', 'add', './lima');
    chmodSync(list, 0o666);
    expect(await run('status', '--runtime', 'lima')).toMatchObject({ code: 2, json: { error: { code: 'USAGE' } } });
    expect(wasRun()).toBe(false);
  });

  it('refuses a second package for the same runtime, naming both', async () => {
    const { home, run } = machine();
    await run('plugins', 'add', './lima');
    writeFiles(join(home, 'second'), {
      'package.json': { name: 'second-lima', type: 'module', oclif: { hooks: { 'runtime:lima': hook } } },
      'index.js': adapter,
    });
    const { code, json } = await run('plugins', 'add', './second');
    expect({ code, plugins: json.error.details.plugins }).toEqual({
      code: 2,
      plugins: ['second-lima', 'runtime-lima'],
    });
  });

  it('refuses another package that took the place of the one that was added', async () => {
    const { plugin, run, wasRun } = machine();
    await run('plugins', 'add', './lima');
    const text = readFileSync(join(plugin, 'package.json'), 'utf8');
    writeFileSync(join(plugin, 'package.json'), text.replace('runtime-lima', 'runtime-other'));
    expect(await run('status', '--runtime', 'lima')).toMatchObject({ code: 2 });
    expect(wasRun()).toBe(false);
  });

  it.each([
    ['lacks the export', 'export const other = 1;'],
    ['throws', "export const createRuntime = () => { throw new Error('boom'); };"],
    ['makes something else', 'export const createRuntime = () => ({});'],
  ])('says which package is to blame when a provider %s', async (_, code) => {
    const { run } = machine({ code });
    await run('plugins', 'add', './lima');
    expect(await run('status', '--runtime', 'lima')).toMatchObject({
      code: 6,
      json: { error: { code: 'RUNTIME_FAILED', details: { plugin: 'runtime-lima' } } },
    });
  });
});
