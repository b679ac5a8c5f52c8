import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Config } from '@oclif/core/config';
import { beforeAll, describe, expect, it } from 'vitest';
import { bin, runCli, temporaryFolder, writeFiles } from './run-cli.test-support.ts';

const PLUGIN = 'planted-plugin';
let canary = '';

beforeAll(() => {
  canary = join(temporaryFolder(), 'canary');
});

/** Code that leaves a trace wherever oclif might run it: as a hook, as a command, or while it is loaded. */
function plantedPlugin(): Record<string, unknown> {
  const code = `import { appendFileSync } from 'node:fs'; appendFileSync(${JSON.stringify(canary)}, import.meta.url + '\\n');`;
  const hook = { target: './index.js', identifier: 'createRuntime' };
  const hooks = {
    init: hook,
    prerun: hook,
    command_not_found: hook,
    finally: hook,
    'runtime:oci-layout': hook,
    'runtime:planted': hook,
  };
  return {
    'package.json': {
      name: PLUGIN,
      version: '1.0.0',
      type: 'module',
      exports: './index.js',
      oclif: { commands: './commands', hooks },
    },
    'index.js': `${code}\nexport const createRuntime = () => {};`,
    'commands/planted.js': `${code}\nexport default class Planted { static run() {} }`,
  };
}

/** A folder as oclif keeps its user plugins in: a package.json that lists them, by name and by link. */
function plantIn(folder: string): void {
  const linked = join(folder, 'node_modules', PLUGIN);
  const plugins = [
    { name: PLUGIN, type: 'user' },
    { name: PLUGIN, type: 'link', root: linked },
  ];
  writeFiles(folder, {
    'package.json': {
      name: 'host',
      version: '1.0.0',
      dependencies: { [PLUGIN]: '1.0.0' },
      oclif: { plugins, devPlugins: [PLUGIN], schema: 1 },
    },
    ...Object.fromEntries(
      Object.entries(plantedPlugin()).map(([path, content]) => [`node_modules/${PLUGIN}/${path}`, content]),
    ),
  });
}

const runs: readonly (readonly string[])[] = [
  ['status', '--runtime', 'planted'],
  ['status', '--runtime', 'oci-layout', '--runtime-option', 'path=images'],
  ['planted'],
  ['upgrade', '--help'],
];

describe('a planted plugin', () => {
  // Both environments: with NODE_ENV=test oclif would load dev plugins and look for TypeScript sources.
  const places: readonly [string, (home: string) => { planted: string; env?: Record<string, string>; cwd?: string }][] =
    [
      [
        'oclif’s data folder below HOME',
        (home) => ({ planted: join(home, '.local/share/dangerzone-image'), env: { HOME: home } }),
      ],
      [
        'oclif’s data folder below XDG_DATA_HOME',
        (home) => ({ planted: join(home, 'data/dangerzone-image'), env: { XDG_DATA_HOME: join(home, 'data') } }),
      ],
      [
        'the folder in DANGERZONE_IMAGE_DATA_DIR',
        (home) => ({ planted: home, env: { DANGERZONE_IMAGE_DATA_DIR: home } }),
      ],
      [
        'the folder in DANGERZONE_IMAGE_CONFIG_DIR',
        (home) => ({ planted: home, env: { DANGERZONE_IMAGE_CONFIG_DIR: home } }),
      ],
      [
        'the folder in DANGERZONE_IMAGE_CACHE_DIR',
        (home) => ({ planted: home, env: { DANGERZONE_IMAGE_CACHE_DIR: home } }),
      ],
      ['oclif’s config folder', (home) => ({ planted: join(home, '.config/dangerzone-image'), env: { HOME: home } })],
      ['the current folder and its node_modules', (home) => ({ planted: home, cwd: home })],
      [
        'the dangerzone folder that holds the state',
        (home) => ({ planted: join(home, '.local/share/dangerzone'), env: { HOME: home } }),
      ],
    ];
  it.each(places)('in %s is not run', async (_, place) => {
    const { planted, env, cwd } = place(temporaryFolder());
    plantIn(planted);
    for (const NODE_ENV of ['production', 'test']) {
      for (const words of runs) await runCli(words, { env: { ...env, NODE_ENV }, ...(cwd && { cwd }) });
    }
    expect(existsSync(canary)).toBe(false);
  });

  it('leaves a trace when oclif is let to look for it: the trap works', async () => {
    const folder = temporaryFolder();
    plantIn(folder);
    process.env.TRAP_DATA_DIR = folder;
    const host = temporaryFolder();
    writeFiles(host, { 'package.json': { name: 'trap', version: '1.0.0', oclif: { bin: 'trap' } } });
    const config = await Config.load({ root: host, devPlugins: false });
    await config.runHook('init', { argv: [], id: undefined });
    expect(readFileSync(canary, 'utf8')).toContain(pathToFileURL(join(folder, 'node_modules')).href);
  });
});

describe('the current folder', () => {
  it('bad input 188: holds no settings that are read', async () => {
    const cwd = temporaryFolder();
    const settings = {
      profile: './evil.json',
      runtime: 'oci-layout',
      runtimeOptions: { path: 'evil' },
      mirrors: ['http://127.0.0.1:1'],
    };
    const names = [
      'config.json',
      '.dangerzone-image.json',
      '.dangerzone-imagerc',
      'dangerzone-image.config.js',
      '.oclifrc.json',
      'oclif.config.js',
      'theme.json',
    ];
    writeFiles(cwd, Object.fromEntries(names.map((name) => [name, settings])));
    writeFiles(cwd, {
      'package.json': {
        name: 'x',
        version: '1.0.0',
        'dangerzone-image': settings,
        oclif: { bin: 'evil', ...settings },
      },
    });
    const outside = await runCli(['status', '--json']);
    const inside = await runCli(['status', '--json'], { cwd });
    expect(inside.stdout).toBe(outside.stdout);
    expect(JSON.parse(inside.stdout).error.code).toBe('RUNTIME_UNAVAILABLE');
    expect(readdirSync(cwd).sort()).toEqual([...names, 'package.json'].sort());
  });
});

describe('the variables that oclif reads', () => {
  it.each([
    ['DANGERZONE_IMAGE_CONTENT_TYPE', 'json'],
    ['DANGERZONE_IMAGE_DEBUG', '1'],
    ['DANGERZONE_IMAGE_NPM_REGISTRY', 'x'],
    ['DANGERZONE_IMAGE_CONFIG_DIR', '/dev/null'],
    ['DANGERZONE_IMAGE_DATA_DIR', '/dev/null'],
    ['DANGERZONE_IMAGE_CACHE_DIR', '/dev/null'],
    ['NODE_ENV', 'test'],
    ['NODE_ENV', 'development'],
  ])('%s=%s changes nothing', async (name, value) => {
    const env = { [name]: value };
    expect(await runCli(['status', '--profile', 'none'], { env })).toEqual(
      await runCli(['status', '--profile', 'none']),
    );
  });
});

it('is started by the file that the package names', () => {
  const { bin: named } = JSON.parse(readFileSync(join(bin, '../../package.json'), 'utf8'));
  expect(join(bin, '../..', named['dangerzone-image'])).toBe(bin);
});
