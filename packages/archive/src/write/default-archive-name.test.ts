import { describe, expect, it } from 'vitest';
import { archiveNameFor, defaultArchiveName } from './default-archive-name.ts';

describe('defaultArchiveName', () => {
  it.each([
    ['dangerzone', 'dangerzone-{arch}.tar'],
    ['My Team', 'my-team-{arch}.tar'],
    ['../../etc/passwd', 'etc-passwd-{arch}.tar'],
    ['-rf', 'rf-{arch}.tar'],
    ['.hidden', 'hidden-{arch}.tar'],
    ['a\u0000\u001b[2Jb', 'a-2jb-{arch}.tar'],
    ['{arch}', 'arch-{arch}.tar'],
    ['…', 'image-{arch}.tar'],
  ])('calls the archives of the profile %j %j', (name, expected) => {
    expect(defaultArchiveName({ name })).toBe(expected);
  });
});

describe('archiveNameFor', () => {
  it('puts the architecture in, with its variant', () => {
    expect(archiveNameFor('out/{arch}/x-{arch}.tar', { os: 'linux', architecture: 'amd64' })).toBe(
      'out/amd64/x-amd64.tar',
    );
    expect(archiveNameFor('{arch}.tar', { os: 'linux', architecture: 'arm', variant: 'v7' })).toBe('arm-v7.tar');
  });
});
