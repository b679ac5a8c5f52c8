import { describe, expect, it } from 'vitest';
import { imagesOf, parseConnections, parseImages, parseInfo, parseMachines } from './podman-answers.ts';

const [one, two] = ['1', '2'].map((digit) => digit.repeat(64));
const repository = 'registry.example.org/team/sandbox';
const digests = [`${repository}@sha256:${one}`, `${repository}@sha256:${two}`];
const name = `${repository}:latest`;

/** The members that each version writes, as published for it; what differs is what we do not read. */
const images: Record<string, readonly object[]> = {
  '4.3': [
    {
      Id: two,
      ParentId: '',
      RepoTags: null,
      RepoDigests: digests,
      Size: 1,
      SharedSize: 0,
      VirtualSize: 1,
      Labels: null,
      Containers: 0,
      Names: [name],
      Digest: `sha256:${one}`,
      History: [name],
      Created: 1,
      CreatedAt: '2026-01-02T03:04:05Z',
    },
    { Id: one, ParentId: '', RepoTags: null, RepoDigests: null, Size: 1, Names: null, Dangling: true },
  ],
  '5.4': [
    {
      Id: two,
      ParentId: '',
      RepoTags: null,
      RepoDigests: digests,
      Size: 1,
      SharedSize: 0,
      VirtualSize: 1,
      Labels: null,
      Containers: 0,
      Arch: 'amd64',
      Digest: `sha256:${one}`,
      History: [name],
      IsManifestList: false,
      Names: [name],
      Os: 'linux',
      Created: 1,
      CreatedAt: '2026-01-02T03:04:05Z',
    },
    { Id: one, ParentId: '', RepoTags: null, RepoDigests: [], Size: 1, Dangling: true, Arch: 'amd64', Os: 'linux' },
  ],
  '6': [
    {
      Id: two,
      RepoDigests: digests,
      Size: 1,
      Labels: {},
      Containers: 0,
      Arch: 'arm64',
      Digest: `sha256:${one}`,
      IsManifestList: false,
      Names: [name],
      Os: 'linux',
      Created: 1,
      CreatedAt: '2026-08-06T14:43:36Z',
      Repository: repository,
      Tag: 'latest',
    },
    { Id: one, RepoDigests: [], Size: 1, Dangling: true, Repository: '<none>', Tag: '<none>' },
  ],
};

describe('what Podman answers, by version', () => {
  it.each(Object.entries(images))('bad input 171: the images of Podman %s are read alike', (_, rows) => {
    expect(imagesOf(repository, parseImages(JSON.stringify(rows)))).toEqual([
      { id: two, digests: [`sha256:${one}`, `sha256:${two}`], names: [name] },
    ]);
  });

  it('an empty store is an empty list', () => {
    expect(parseImages('[]\n')).toEqual([]);
  });

  const store = { graphDriverName: 'overlay', graphRoot: '/var/lib/containers/storage' };
  it.each<[string, object]>([
    [
      '4.3, local',
      { host: { arch: 'amd64', os: 'linux', serviceIsRemote: false, security: { rootless: true } }, store },
    ],
    [
      '5.4, a machine',
      {
        host: {
          arch: 'arm64',
          os: 'linux',
          variant: 'v8',
          databaseBackend: 'sqlite',
          serviceIsRemote: true,
          remoteSocket: { exists: true, path: '/run/user/501/podman/podman.sock' },
          security: { rootless: true },
        },
        store: { ...store, graphRootAllocated: 106769133568, graphRootUsed: 5021892608 },
      },
    ],
    [
      '6, a machine, which tells of the client first',
      {
        Client: { Version: '6.1.0' },
        host: { arch: 'arm64', os: 'linux', serviceIsRemote: true, emulatedArchitectures: [] },
        store,
      },
    ],
  ])('the facts of Podman %s are read', (_, facts) => {
    const info = parseInfo(JSON.stringify({ ...facts, version: { APIVersion: '5.4.2', Version: '5.4.2' } }));
    expect(info).toMatchObject({ host: { os: 'linux' }, store, version: { Version: '5.4.2' } });
  });

  it.each<[string, object]>([
    ['4.3', { Name: 'm', URI: 'ssh://core@127.0.0.1:1/x', Identity: '/key', IsMachine: true, Default: true }],
    [
      '5.4',
      { Name: 'm', URI: 'ssh://core@127.0.0.1:1/x', Identity: '/key', IsMachine: true, Default: true, ReadWrite: true },
    ],
    ['6', { Name: 'm', URI: 'ssh://core@127.0.0.1:1/x', Identity: '/key', TLSCA: '', IsMachine: true, Default: true }],
  ])('the connections of Podman %s are read', (_, entry) => {
    expect(parseConnections(JSON.stringify([entry]))).toMatchObject([{ Name: 'm', IsMachine: true, Default: true }]);
  });

  it('the machines are read, and none is none', () => {
    const machine = { Name: 'm', Default: true, Running: false, Starting: false, VMType: 'applehv', CPUs: 5, Port: 1 };
    expect(parseMachines(JSON.stringify([machine]))).toEqual([{ Name: 'm', Running: false }]);
    expect(parseMachines('[]')).toEqual([]);
  });

  it.each([
    ['no JSON', 'Error: no'],
    ['another shape', '{}'],
    ['a row without an ID', '[{"Names":["x"]}]'],
    ['cut off', '[{"Id":'],
  ])('bad input 171: %s is a failure of the runtime, and no image', (_, stdout) => {
    expect(() => parseImages(stdout)).toThrow(expect.objectContaining({ code: 'RUNTIME_FAILED' }));
  });
});
