import { describe, expect, it } from 'vitest';
import { imagesOf, parseImages, parseInfo, parseVersion } from './docker-answers.ts';

const platform = { os: 'linux', architecture: 'amd64' };
const ID = `sha256:${'a'.repeat(64)}`;
const OTHER = `sha256:${'b'.repeat(64)}`;
const REPOSITORY = 'registry.example.org/team/sandbox';

const row = (members: object) => parseImages([{ Id: ID, RepoTags: null, RepoDigests: null, Labels: {}, ...members }]);
const manifest = (Available: boolean, architecture = 'amd64', Kind = 'image') => ({
  ID: OTHER,
  Kind,
  Available,
  ImageData: Kind === 'image' ? { Platform: { os: 'linux', architecture } } : undefined,
});

describe('bad input 171: the images that Docker lists', () => {
  it.each<[string, object, string, unknown]>([
    ['nothing', {}, REPOSITORY, []],
    ['<none>', { RepoTags: ['<none>:<none>'], RepoDigests: ['<none>@<none>'] }, REPOSITORY, []],
    ['a tag', { RepoTags: [`${REPOSITORY}:x`] }, REPOSITORY, [{ id: ID, digests: [], names: [`${REPOSITORY}:x`] }]],
    ['a digest', { RepoDigests: [`${REPOSITORY}@${OTHER}`] }, REPOSITORY, [{ id: ID, digests: [OTHER], names: [] }]],
    ['a digest that is none', { RepoDigests: [`${REPOSITORY}@sha256:1`] }, REPOSITORY, []],
    ['a tag that is a digest', { RepoTags: [`${REPOSITORY}@${OTHER}`] }, REPOSITORY, []],
    ['another repository', { RepoTags: [`${REPOSITORY}-evil:x`, `${REPOSITORY}/x:x`] }, REPOSITORY, []],
    [
      'a short name',
      { RepoTags: ['x:1'] },
      'docker.io/library/x',
      [{ id: ID, digests: [], names: ['docker.io/library/x:1'] }],
    ],
    [
      'a name of Docker Hub',
      { RepoTags: ['t/x:1'] },
      'docker.io/t/x',
      [{ id: ID, digests: [], names: ['docker.io/t/x:1'] }],
    ],
    [
      'a name of localhost',
      { RepoTags: ['localhost/x:1'] },
      'localhost/x',
      [{ id: ID, digests: [], names: ['localhost/x:1'] }],
    ],
  ])('%s', (_, members, repository, images) => {
    expect(imagesOf(repository, row(members), platform)).toEqual(images);
  });

  const name = `${REPOSITORY}:x`;
  const tagged = { RepoTags: [name], RepoDigests: [`${REPOSITORY}@${ID}`] };
  const whole = [{ id: ID, digests: [ID], names: [name] }];
  const nameAlone = [{ id: name, digests: [], names: [name] }];
  it.each<[string, unknown, unknown]>([
    ['all of its content', [manifest(true)], whole],
    ['this platform’s content alone', [manifest(false, 'arm64'), manifest(true)], whole],
    ['another platform’s content alone', [manifest(true, 'arm64'), manifest(false)], nameAlone],
    ['an index and none of its content', [manifest(false)], nameAlone],
    ['its attestation alone', [manifest(true, '', 'attestation'), manifest(false)], nameAlone],
    ['an engine that does not tell', undefined, whole],
  ])('bad input 176: containerd’s store with %s', (_, Manifests, images) => {
    expect(imagesOf(REPOSITORY, row({ ...tagged, Manifests }), platform)).toEqual(images);
  });

  it.each<[string, () => unknown]>([
    ['an object', () => parseImages({})],
    ['text', () => parseImages('[]')],
    ['a row without an ID', () => parseImages([{ RepoTags: [] }])],
    ['names that are numbers', () => parseImages([{ Id: ID, RepoTags: [1] }])],
    ['a name of a megabyte', () => parseImages([{ Id: ID, RepoTags: ['x'.repeat(1024 * 1024)] }])],
    ['an empty version', () => parseVersion({})],
    ['no version', () => parseVersion(undefined)],
    ['an empty info', () => parseInfo({})],
  ])('%s instead is a failure of the runtime', (_, parse) => {
    expect(parse).toThrow(expect.objectContaining({ code: 'RUNTIME_FAILED' }));
  });
});
