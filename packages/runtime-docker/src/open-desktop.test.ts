import { CodedError } from '@dangerzone-image/core';
import { describe, expect, it } from 'vitest';
import type { DockerEndpoint } from './docker-endpoint.ts';
import type { DockerSurroundings } from './docker-surroundings.ts';
import { openDesktop } from './open-desktop.ts';
import type { Engine } from './open-engine.ts';

interface Machine {
  readonly platform: NodeJS.Platform;
  readonly env?: Record<string, string>;
  /** What runs at a socket: the system that the engine names, or the system's code for why it cannot be reached. */
  readonly sockets?: Readonly<Record<string, string>>;
  readonly installed?: string;
}

async function open({ platform, env = {}, sockets = {}, installed }: Machine) {
  const home = platform === 'win32' ? 'C:\\Users\\me' : '/home/me';
  const surroundings: DockerSurroundings = {
    platform,
    env,
    home,
    uid: 1000,
    readFile: async () => undefined,
    exists: async (path) => path === installed,
  };
  const asked: string[] = [];
  const engine = await openDesktop(surroundings, async (endpoint: DockerEndpoint) => {
    const path = endpoint.kind === 'socket' ? endpoint.path : '';
    asked.push(path);
    const found = sockets[path] ?? 'ENOENT';
    if (/^E[A-Z]+$/.test(found)) throw new CodedError('RUNTIME_UNAVAILABLE', found, { details: { reason: found } });
    return { endpoint, info: { OperatingSystem: found } } as unknown as Engine;
  });
  return { path: (engine.endpoint as { path: string }).path, asked };
}

const MAC = '/home/me/.docker/run/docker.sock';
const SHARED = '/var/run/docker.sock';
const LINUX = '/home/me/.docker/desktop/docker.sock';
const PIPE = '//./pipe/dockerDesktopLinuxEngine';
const OLD_PIPE = '//./pipe/docker_engine';

describe('Docker Desktop', () => {
  it.each<[string, Machine, string]>([
    ['on macOS, in the home folder', { platform: 'darwin', sockets: { [MAC]: 'Docker Desktop', [SHARED]: 'x' } }, MAC],
    ['on macOS, in the usual place', { platform: 'darwin', sockets: { [SHARED]: 'Docker Desktop' } }, SHARED],
    [
      'on macOS, past a socket that nobody listens on',
      { platform: 'darwin', sockets: { [MAC]: 'ECONNREFUSED', [SHARED]: 'Docker Desktop' } },
      SHARED,
    ],
    ['on Linux', { platform: 'linux', sockets: { [LINUX]: 'Docker Desktop' } }, LINUX],
    ['on Windows, by its own pipe', { platform: 'win32', sockets: { [PIPE]: 'Docker Desktop' } }, PIPE],
    [
      'on Windows, by the pipe of older ones',
      { platform: 'win32', sockets: { [OLD_PIPE]: 'Docker Desktop' } },
      OLD_PIPE,
    ],
  ])('is found %s', async (_, machine, path) => {
    expect((await open(machine)).path).toBe(path);
  });

  it.each<[string, Machine, object]>([
    ['nothing is there', { platform: 'linux' }, { message: expect.stringContaining('not installed') }],
    [
      'only another engine listens in the place that they share',
      { platform: 'darwin', sockets: { [SHARED]: 'Alpine Linux v3.20' } },
      { message: expect.stringContaining('not installed') },
    ],
    [
      'Linux’s own engine is there, which is none of its places',
      { platform: 'linux', sockets: { [SHARED]: 'Docker Desktop' } },
      { message: expect.stringContaining('not installed') },
    ],
    [
      'it is stopped on macOS',
      { platform: 'darwin', installed: '/Applications/Docker.app' },
      { suggestions: [expect.stringContaining('open -a Docker')] },
    ],
    [
      'it is stopped on macOS, installed for one user',
      { platform: 'darwin', installed: '/home/me/Applications/Docker.app', sockets: { [MAC]: 'ECONNREFUSED' } },
      { details: { installed: '/home/me/Applications/Docker.app' } },
    ],
    [
      'it is stopped on Linux',
      { platform: 'linux', installed: '/opt/docker-desktop', sockets: { [LINUX]: 'ECONNREFUSED' } },
      { suggestions: [expect.stringContaining('systemctl --user start docker-desktop')] },
    ],
    [
      'it is stopped on Windows',
      { platform: 'win32', env: { ProgramFiles: 'D:\\P' }, installed: 'D:\\P\\Docker\\Docker\\Docker Desktop.exe' },
      { details: { installed: 'D:\\P\\Docker\\Docker\\Docker Desktop.exe' } },
    ],
    [
      'it is there, and this user may not use it',
      { platform: 'linux', installed: '/opt/docker-desktop', sockets: { [LINUX]: 'EACCES' } },
      { details: { reason: 'EACCES' } },
    ],
  ])('is not to be had when %s', async (_, machine, facts) => {
    await expect(open(machine)).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE', ...facts });
  });
});
