import { describe, expect, it } from 'vitest';
import { readPodmanOptions } from './podman-options.ts';

describe('options of the runtime podman', () => {
  it('become Podman’s own, each as one word', () => {
    const { program, globals } = readPodmanOptions({
      root: '/a b',
      runroot: '/r',
      storageDriver: 'vfs',
      connection: 'm',
    });
    expect(program).toBe('podman');
    expect(globals).toEqual(['--root=/a b', '--runroot=/r', '--storage-driver=vfs', '--connection=m']);
  });

  it('bad input 180: on Windows the program is an .exe, never a script', () => {
    expect(readPodmanOptions({}, 'win32').program).toBe('podman.exe');
    expect(() => readPodmanOptions({ command: '/tools/podman.cmd' }, 'win32')).toThrow(
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
