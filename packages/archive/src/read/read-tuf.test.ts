import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildTestImage, type TestMember, testArchiveMembers, testTar } from '@dangerzone-image/core/testing';
import { describe, expect, it } from 'vitest';
import { loadOn, signer, temporaryFolder } from './machine.test-support.ts';
import { openArchive } from './open-archive.ts';

const image = buildTestImage({ created: '2026-01-02T03:04:05Z' });
const good = testArchiveMembers(image, { signers: [signer] });
const added = (...members: readonly TestMember[]) => testTar([...good, ...members]);
const bytes = Buffer.from('{}');
const hash = 'a'.repeat(64);

const names = ['1.root.json', '17.root.json', 'timestamp.json', '9.snapshot.json', '9.targets.json'];
const all = [...names, `targets/${hash}.trusted_root.json`];

describe('files of Sigstore’s TUF repository in an archive', () => {
  it('are given by their names there, as they are', async () => {
    const path = join(await temporaryFolder(), 'image.tar');
    const folders = ['./tuf/', './tuf/targets/'].map((name) => ({ name, type: '5' }));
    await writeFile(path, added(...folders, ...all.map((name) => ({ name: `./tuf/${name}`, bytes }))));
    const archive = await openArchive(path);
    expect(archive.tuf).toEqual(new Map(all.map((name) => [name, bytes])));
    await archive.close();
  });

  it('say nothing to who trusts no such root: whatever is in them, the image is what counts', async () => {
    const attempt = await loadOn(added({ name: './tuf/timestamp.json', bytes: Buffer.from('no JSON') }));
    expect(attempt).toMatchObject({ code: undefined, inspected: undefined });
  });

  it.each<[number, string, readonly TestMember[]]>([
    [121, 'a name that climbs out', [{ name: './tuf/../../x', bytes }]],
    [121, 'a target that climbs out', [{ name: './tuf/targets/../../x', bytes }]],
    [124, 'one name twice', [1, 2].map(() => ({ name: './tuf/timestamp.json', bytes }))],
    [128, 'a link', [{ name: './tuf/timestamp.json', type: '2', link: '/etc/passwd' }]],
    [140, 'a file that TUF does not have', [{ name: './tuf/evil.json', bytes }]],
    [140, 'a delegated role', [{ name: './tuf/1.registry.npmjs.org.json', bytes }]],
    [140, 'another target', [{ name: `./tuf/targets/${hash}.other.json`, bytes }]],
    [140, 'a target without its hash', [{ name: './tuf/targets/trusted_root.json', bytes }]],
    [140, 'a version 0', [{ name: './tuf/0.root.json', bytes }]],
    [140, 'a version with a zero before it', [{ name: './tuf/01.root.json', bytes }]],
    [139, 'a file that is too long', [{ name: './tuf/timestamp.json', bytes: Buffer.alloc(1024 * 1024 + 1, ' ') }]],
    [139, 'too many files', Array.from({ length: 301 }, (_, at) => ({ name: `./tuf/${at + 1}.root.json`, bytes }))],
    [
      139,
      'too many bytes',
      Array.from({ length: 9 }, (_, at) => ({ name: `./tuf/${at + 1}.root.json`, bytes: Buffer.alloc(1024 * 1024) })),
    ],
  ])('bad input %i: %s is refused', async (_, _title, members) => {
    const code = 'ARCHIVE_INVALID';
    expect(await loadOn(added(...members))).toMatchObject({ code, inspected: code, installed: [], files: [] });
  });
});
