import { CodedError } from '@dangerzone-image/core';
import { describe, expect, it } from 'vitest';
import { type PodmanSurroundings, remoteAddress, unavailable } from './podman-connection.ts';
import type { RunPodman } from './run-podman.ts';

/** A Podman that answers as listed, and fails at all else. */
const answering =
  (answers: Readonly<Record<string, unknown>>): RunPodman =>
  async ([verb = '']) => {
    if (!(verb in answers)) throw new CodedError('RUNTIME_FAILED', 'no');
    return { exitCode: 0, stdout: JSON.stringify(answers[verb]) };
  };
const around = (facts: Partial<PodmanSurroundings> = {}): PodmanSurroundings => ({
  platform: 'linux',
  env: {},
  ...facts,
});

describe('why Podman does not work', () => {
  const broken = new CodedError('RUNTIME_FAILED', 'podman info ended with exit code 125');
  const stopped = { machine: [{ Name: 'podman-machine-default', Running: false }] };
  const running = { machine: [{ Name: 'podman-machine-default', Running: true }] };
  it.each<[string, NodeJS.Platform, Record<string, unknown>, Partial<PodmanSurroundings>, string]>([
    ['macOS, no machine', 'darwin', { machine: [] }, {}, 'podman machine init'],
    ['macOS, machine stopped', 'darwin', stopped, {}, 'is stopped: podman machine start'],
    ['Windows, machine stopped', 'win32', stopped, {}, 'is stopped: podman machine start'],
    ['macOS, machine runs', 'darwin', running, {}, 'podman info'],
    ['Linux', 'linux', {}, {}, 'podman info'],
    ['a connection by option', 'darwin', stopped, { connection: 'far' }, 'connection list'],
    ['a connection by variable', 'linux', {}, { env: { CONTAINER_HOST: 'ssh://far' } }, 'connection list'],
  ])('bad input 179: %s', async (_, platform, answers, facts, remedy) => {
    const error = await unavailable(answering(answers), broken, around({ platform, ...facts }));
    expect(error.code).toBe('RUNTIME_UNAVAILABLE');
    expect(error.suggestions.join()).toContain(remedy);
  });

  it('starts and stops nothing', async () => {
    const asked: string[] = [];
    const run: RunPodman = async (args) => {
      asked.push(args.join(' '));
      return { exitCode: 0, stdout: '[]' };
    };
    await unavailable(run, broken, around({ platform: 'darwin' }));
    expect(asked).toEqual(['machine list --format json']);
  });
});

describe('the address of a remote engine', () => {
  const system = [
    { Name: 'far', URI: 'ssh://me:secret@far.example.org/run/podman.sock' },
    { Name: 'usual', URI: 'ssh://me@usual.example.org/run/podman.sock', Default: true },
  ];
  it.each<[string, Partial<PodmanSurroundings>, string | undefined]>([
    ['by option, without its password', { connection: 'far' }, 'ssh://me@far.example.org/run/podman.sock'],
    ['by CONTAINER_HOST', { env: { CONTAINER_HOST: 'tcp://far.example.org:8080' } }, 'tcp://far.example.org:8080'],
    [
      'by CONTAINER_CONNECTION',
      { env: { CONTAINER_CONNECTION: 'usual' } },
      'ssh://me@usual.example.org/run/podman.sock',
    ],
    ['by default', {}, 'ssh://me@usual.example.org/run/podman.sock'],
    [
      'unknown where both variables are set',
      { env: { CONTAINER_HOST: 'tcp://a', CONTAINER_CONNECTION: 'far' } },
      undefined,
    ],
  ])('bad input 173: %s', async (_, facts, expected) => {
    expect(await remoteAddress(answering({ system }), around(facts))).toBe(expected);
  });

  it('is unknown when Podman cannot list its connections', async () => {
    expect(await remoteAddress(answering({}), around())).toBeUndefined();
  });
});
