import { describe, expect, it } from 'vitest';
import { mediaTypes } from '../oci/descriptor.ts';
import { parseReference } from '../oci/reference.ts';
import { startTestRegistry } from '../testing/test-registry.ts';
import { openSources } from './open-sources.ts';

const repository = 'team/sandbox';
const bytes = Buffer.from('{}');

describe('openSources', () => {
  it('asks mirrors in their order, and the image’s own registry last', async () => {
    await using first = await startTestRegistry();
    await using second = await startTestRegistry();
    await using own = await startTestRegistry();
    const digest = own.putManifest(repository, bytes, mediaTypes.ociIndex, 'latest');
    const reference = parseReference(`${own.host}/${repository}:latest`);
    const source = openSources({ reference, mirrors: [first.origin, `${second.origin}/cache`], env: {} });
    expect(await source.resolve(reference)).toBe(digest);
    expect([first, second, own].map(({ requests }) => requests.length)).toEqual([1, 1, 1]);
    expect(second.requests[0]).toBe(`HEAD /v2/cache/${repository}/manifests/latest`);
  });

  it('leaves the own registry alone with mirrorOnly, also when the mirror fails', async () => {
    await using mirror = await startTestRegistry();
    await using own = await startTestRegistry();
    own.putManifest(repository, bytes, mediaTypes.ociIndex, 'latest');
    const reference = parseReference(`${own.host}/${repository}:latest`);
    const source = openSources({ reference, mirrors: [mirror.origin], mirrorOnly: true, env: {} });
    await expect(source.resolve(reference)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    expect(own.requests).toEqual([]);
  });

  it.each([
    ['a mirror that is none', { mirrors: ['ftp://mirror.example'] }, 'USAGE'],
    ['a wrong mirror behind a right one', { mirrors: ['https://mirror.example', 'http://mirror.example'] }, 'USAGE'],
    ['only mirrors, and none given', { mirrorOnly: true }, 'USAGE'],
  ])('refuses %s before anything is asked', (_name, options, code) => {
    const reference = parseReference('registry.example.org/team/sandbox');
    expect(() => openSources({ reference, env: {}, ...options })).toThrow(expect.objectContaining({ code }));
  });
});
