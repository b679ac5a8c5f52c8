import { createHash } from 'node:crypto';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chooseEndpoints } from './choose-endpoints.ts';
import { formatEndpoint } from './docker-endpoint.ts';
import type { DockerOptions } from './docker-options.ts';
import { type DockerSurroundings, dockerSurroundings } from './docker-surroundings.ts';

const hashOf = (name: string) => createHash('sha256').update(name).digest('hex');
const meta = (name: string) => `/home/me/.docker/contexts/meta/${hashOf(name)}/meta.json`;
const contextOf = (name: string, host: string) =>
  JSON.stringify({ Name: name, Metadata: {}, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } });

interface Machine {
  readonly platform?: NodeJS.Platform;
  readonly env?: Record<string, string>;
  readonly uid?: number;
  readonly files?: Readonly<Record<string, string>>;
}

function machine({ platform = 'linux', env = {}, files = {}, uid = 1000 }: Machine): DockerSurroundings {
  return {
    platform,
    env,
    home: platform === 'win32' ? 'C:\\Users\\me' : '/home/me',
    uid: platform === 'win32' ? undefined : uid,
    readFile: async (path) => (files[path] === undefined ? undefined : Buffer.from(files[path])),
    exists: async (path) => Object.keys(files).some((file) => file.startsWith(path)),
  };
}

const choose = async (options: DockerOptions, surroundings: Machine) =>
  (await chooseEndpoints(options, machine(surroundings))).map(formatEndpoint);

const everything = {
  env: { DOCKER_HOST: 'tcp://by-host:1', DOCKER_CONTEXT: 'by-variable' },
  files: {
    '/home/me/.docker/config.json': JSON.stringify({ auths: {}, currentContext: 'by-config' }),
    [meta('by-option')]: contextOf('by-option', 'tcp://by-option:1'),
    [meta('by-variable')]: contextOf('by-variable', 'tcp://by-variable:1'),
    [meta('by-config')]: contextOf('by-config', 'tcp://by-config:1'),
  },
};
const usual = ['unix:///var/run/docker.sock', 'unix:///run/user/1000/docker.sock'];

describe('which engine is meant', () => {
  it.each<[string, DockerOptions, Machine, string[]]>([
    ['the option host goes before everything', { host: 'tcp://said:1' }, everything, ['tcp://said:1']],
    ['the option context too', { context: 'by-option' }, everything, ['tcp://by-option:1']],
    ['DOCKER_HOST goes before DOCKER_CONTEXT', {}, everything, ['tcp://by-host:1']],
    [
      'DOCKER_CONTEXT goes before config.json',
      {},
      { ...everything, env: { DOCKER_CONTEXT: 'by-variable' } },
      ['tcp://by-variable:1'],
    ],
    ['config.json goes before the usual place', {}, { ...everything, env: {} }, ['tcp://by-config:1']],
    [
      'an empty variable is none',
      {},
      { ...everything, env: { DOCKER_HOST: '', DOCKER_CONTEXT: '' } },
      ['tcp://by-config:1'],
    ],
    ['the usual place, then a rootless engine’s', {}, {}, usual],
    ['the context "default" is the usual place', {}, { ...everything, env: { DOCKER_CONTEXT: 'default' } }, usual],
    ['the context "default" is DOCKER_HOST where it is set', { context: 'default' }, everything, ['tcp://by-host:1']],
    [
      'an empty current context is none',
      {},
      { files: { '/home/me/.docker/config.json': '{"currentContext":""}' } },
      usual,
    ],
    [
      'a rootless engine where XDG_RUNTIME_DIR says',
      {},
      { env: { XDG_RUNTIME_DIR: '/run/elsewhere' } },
      ['unix:///var/run/docker.sock', 'unix:///run/elsewhere/docker.sock'],
    ],
    ['root has no rootless engine', {}, { uid: 0 }, ['unix:///var/run/docker.sock']],
    ['macOS has one usual place', {}, { platform: 'darwin' }, ['unix:///var/run/docker.sock']],
    ['Windows has a pipe', {}, { platform: 'win32' }, ['npipe:////./pipe/docker_engine']],
    [
      'Windows keeps contexts in the same way',
      {},
      {
        platform: 'win32',
        files: {
          'C:\\Users\\me\\.docker\\config.json': '{"currentContext":"w"}',
          [`C:\\Users\\me\\.docker\\contexts\\meta\\${hashOf('w')}\\meta.json`]: contextOf('w', 'npipe:////./pipe/w'),
        },
      },
      ['npipe:////./pipe/w'],
    ],
    [
      'DOCKER_CONFIG moves the folder of all that',
      {},
      { env: { DOCKER_CONFIG: '/cfg' }, files: { '/cfg/config.json': '{"currentContext":"default"}' } },
      usual,
    ],
  ])('%s', async (_, options, surroundings, expected) => {
    expect(await choose(options, surroundings)).toEqual(expected);
  });

  it.each<[string, Machine, DockerOptions, string | undefined]>([
    ['DOCKER_CERT_PATH', { env: { DOCKER_CERT_PATH: '/certs' } }, { host: 'tcp://e:1' }, '/certs'],
    ['DOCKER_TLS_VERIFY alone', { env: { DOCKER_TLS_VERIFY: '1' } }, { host: 'tcp://e:1' }, '/home/me/.docker'],
    [
      'DOCKER_TLS, whose certificate is checked all the same',
      { env: { DOCKER_TLS: '1' } },
      { host: 'tcp://e:1' },
      '/home/me/.docker',
    ],
    ['none of them', { env: { DOCKER_TLS_VERIFY: '' } }, { host: 'tcp://e:1' }, undefined],
    [
      'a context that has certificates',
      {
        files: {
          [meta('c')]: contextOf('c', 'tcp://e:1'),
          [`/home/me/.docker/contexts/tls/${hashOf('c')}/docker/ca.pem`]: 'x',
        },
      },
      { context: 'c' },
      `/home/me/.docker/contexts/tls/${hashOf('c')}/docker`,
    ],
    [
      'a context without, whatever the variables say',
      { env: { DOCKER_TLS_VERIFY: '1' }, files: { [meta('c')]: contextOf('c', 'tcp://e:1') } },
      { context: 'c' },
      undefined,
    ],
  ])('finds certificates by %s', async (_, surroundings, options, tlsFolder) => {
    const [endpoint] = await chooseEndpoints(options, machine(surroundings));
    expect(endpoint).toEqual({ kind: 'tcp', host: 'e', port: 1, ...(tlsFolder && { tlsFolder }) });
  });

  const config = (text: string): Machine => ({ files: { '/home/me/.docker/config.json': text } });
  const context = (text: string): Machine => ({ env: { DOCKER_CONTEXT: 'c' }, files: { [meta('c')]: text } });
  it.each<[string, Machine]>([
    ['an unknown context in DOCKER_CONTEXT', { env: { DOCKER_CONTEXT: 'nowhere' } }],
    ['an unknown context in config.json', config('{"currentContext":"nowhere"}')],
    ['a context called ../x', { env: { DOCKER_CONTEXT: '../x' } }],
    ['a DOCKER_HOST that is none', { env: { DOCKER_HOST: 'nonsense://x' } }],
    ['a config.json that is no JSON', config('{')],
    ['a config.json with two current contexts', config('{"currentContext":"default","CurrentContext":"evil"}')],
    ['a config.json whose context is a list', config('{"currentContext":[]}')],
    ['a config.json with a byte-order mark', config('\uFEFF{}')],
    ['a context of another name', context(contextOf('d', 'tcp://e:1'))],
    ['a context without an engine', context('{"Name":"c","Endpoints":{}}')],
    [
      'a context with two engines',
      context('{"Name":"c","Endpoints":{"docker":{"Host":"tcp://a:1","host":"tcp://b:1"}}}'),
    ],
    ['a context whose address is none', context(contextOf('c', 'ssh://-oProxyCommand=x'))],
    ['a context nested too deep', context(`${'{"a":'.repeat(100)}1${'}'.repeat(100)}`)],
  ])('refuses %s', async (_, surroundings) => {
    await expect(choose({}, surroundings)).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('the files of Docker’s own client', () => {
  it('are read up to a size, and may be absent', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dangerzone-image-config-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, 'config.json');
    const { readFile } = dockerSurroundings();
    expect(await readFile(path)).toBeUndefined();
    expect(await readFile(join(path, 'below'))).toBeUndefined();
    await writeFile(path, '{}');
    expect(await readFile(path)).toEqual(Buffer.from('{}'));
    await truncate(path, 1024 * 1024 + 1);
    await expect(readFile(path)).rejects.toMatchObject({ code: 'USAGE' });
    await expect(readFile(folder)).rejects.toMatchObject({ code: 'USAGE' });
  });
});
