import { CodedError } from '@dangerzone-image/core';
import { describe, expect, it } from 'vitest';
import { type PodmanSurroundings, servicePlace, unavailable } from './podman-connection.ts';
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
    const { address, isMachine } = await servicePlace(answering({ system }), around(facts));
    expect({ address, isMachine }).toEqual({ address: expected, isMachine: false });
  });

  it('is unknown when Podman cannot list its connections', async () => {
    expect(await servicePlace(answering({}), around())).toEqual({ isMachine: false });
  });
});

describe('bad input 173: Podman’s own machine is no engine elsewhere', () => {
  const machine = {
    Name: 'podman-machine-default',
    URI: 'ssh://core@127.0.0.1:65489/run/user/502/podman/podman.sock',
    IsMachine: true,
    Default: true,
  };
  const far = { Name: 'far', URI: 'ssh://me@far.example.org/run/podman.sock', IsMachine: false, Default: false };
  const place = (system: readonly unknown[], facts: Partial<PodmanSurroundings> = {}) =>
    servicePlace(answering({ system }), around({ platform: 'darwin', ...facts }));

  it.each<[string, object, Partial<PodmanSurroundings>]>([
    ['by default', {}, {}],
    ['by option', { Default: false }, { connection: machine.Name }],
    ['by option, past a CONTAINER_HOST', {}, { connection: machine.Name, env: { CONTAINER_HOST: 'ssh://me@far' } }],
    ['by CONTAINER_CONNECTION', {}, { env: { CONTAINER_CONNECTION: machine.Name } }],
    ['as WSL writes it', { URI: 'ssh://user@localhost:50222/run/user/1000/podman/podman.sock' }, {}],
    ['over IPv6', { URI: 'ssh://core@[::1]:50222/run/podman.sock' }, {}],
  ])('%s', async (_, members, facts) => {
    const entry = { ...machine, ...members };
    expect(await place([far, entry], facts)).toEqual({ address: entry.URI, isMachine: true });
  });

  it.each<[string, object, Partial<PodmanSurroundings>]>([
    ['a connection that is not called one', { IsMachine: false }, {}],
    ['a list that does not tell', { IsMachine: undefined }, {}],
    ['one at another address', { URI: 'ssh://core@192.0.2.7:22/run/podman.sock' }, {}],
    ['one at a name that begins like this computer’s', { URI: 'ssh://core@127.0.0.1.example.org/run/podman.sock' }, {}],
    ['one whose user looks like an address', { URI: 'ssh://127.0.0.1@far.example.org/run/podman.sock' }, {}],
    ['an encoded address', { URI: 'ssh://core@127.0.0.1%2eexample.org/run/podman.sock' }, {}],
    ['a socket that anything may be behind', { URI: 'tcp://127.0.0.1:8080' }, {}],
    ['no address', { URI: 'nowhere' }, {}],
    ['the machine’s own address in CONTAINER_HOST', {}, { env: { CONTAINER_HOST: machine.URI } }],
    ['an empty CONTAINER_HOST', {}, { env: { CONTAINER_HOST: '' } }],
    ['another connection by option', {}, { connection: 'far' }],
    ['another connection by variable', {}, { env: { CONTAINER_CONNECTION: 'far' } }],
    ['an unknown connection', {}, { connection: 'none' }],
    ['no default', { Default: false }, {}],
  ])('is not taken for one: %s', async (_, members, facts) => {
    expect(await place([far, { ...machine, ...members }], facts)).toMatchObject({ isMachine: false });
  });

  it('is not taken for one: two entries of one name', async () => {
    expect(await place([machine, { ...far, Default: true }])).toEqual({ isMachine: false });
  });
});
