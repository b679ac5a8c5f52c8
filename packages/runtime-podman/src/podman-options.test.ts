import { describe, expect, it } from 'vitest';
import { readPodmanOptions } from './podman-options.ts';

const around = (platform: NodeJS.Platform, env: Record<string, string> = {}) => ({ platform, env });

describe('options of the runtime podman', () => {
  it('become Podman’s own, each as one word', () => {
    const { program, globals } = readPodmanOptions({
      root: '/a b',
      runroot: '/r',
      storageDriver: 'vfs',
    });
    expect(program).toBe('podman');
    expect(globals).toEqual(['--root=/a b', '--runroot=/r', '--storage-driver=vfs']);
  });

  it('bad input 173: of two engines the one of the command line counts, whatever the version of Podman', () => {
    const { globals, env } = readPodmanOptions({ connection: 'm' }, around('linux', { CONTAINER_HOST: 'tcp://far' }));
    expect(globals).toEqual(['--connection=m']);
    expect(env).toEqual({ CONTAINER_HOST: undefined, CONTAINER_CONNECTION: undefined });
  });

  it.each<[string, Record<string, string>, NodeJS.Platform, Record<string, string>]>([
    ['CONTAINER_HOST', { root: '/a' }, 'linux', { CONTAINER_HOST: 'unix:///run/podman.sock' }],
    ['CONTAINER_HOST, empty', { root: '/a' }, 'linux', { CONTAINER_HOST: '' }],
    ['CONTAINER_CONNECTION', { runroot: '/a' }, 'linux', { CONTAINER_CONNECTION: 'far' }],
    ['the option connection', { storageDriver: 'vfs', connection: 'far' }, 'linux', {}],
    ['a machine on macOS', { root: '/a' }, 'darwin', {}],
    ['a machine on Windows', { root: '/a' }, 'win32', {}],
  ])(
    'bad input 173: a store of this machine and an engine elsewhere, by %s: one of them is wrong',
    (_, options, platform, env) => {
      expect(() => readPodmanOptions(options, around(platform, env))).toThrow(
        expect.objectContaining({ code: 'USAGE', suggestions: [expect.stringContaining('Leave out')] }),
      );
    },
  );

  it('bad input 180: on Windows the program is an .exe, never a script', () => {
    expect(readPodmanOptions({}, around('win32')).program).toBe('podman.exe');
    expect(() => readPodmanOptions({ command: '/tools/podman.cmd' }, around('win32'))).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    );
  });

  const wrong: Record<string, string>[] = [
    { colour: 'red' },
    { command: 'podman' },
    { command: './podman' },
    { constructor: 'x' },
    { root: '' },
  ];
  it.each(wrong.map((options) => [options] as const))(
    'are refused where they are not known or not a full path: %j',
    (options) => {
      expect(() => readPodmanOptions(options)).toThrow(expect.objectContaining({ code: 'USAGE' }));
    },
  );
});
