import { buildTestImage, type TestMember, testArchiveMembers, testTar } from '@dangerzone-image/core/testing';
import { describe, expect, it } from 'vitest';
import { MAX_MEMBERS } from './index-members.ts';
import { loadOn, signer } from './machine.test-support.ts';

const image = buildTestImage({ created: '2026-01-02T03:04:05Z' });
const good = testArchiveMembers(image, { signers: [signer] });
const python = testArchiveMembers(image, { form: 'dangerzone', signers: [signer] });
const evil = Buffer.from('{"schemaVersion":2,"manifests":[]}');
const other = '0'.repeat(64);

const named = (name: string): TestMember => good.find((member) => member.name === name) ?? { name };
/** A PAX record with the length that it has. */
const record = (text: string | Buffer): Buffer => {
  const bytes = Buffer.concat([Buffer.from(' '), Buffer.from(text), Buffer.from('\n')]);
  const length = bytes.length + `${bytes.length + 2}`.length;
  return Buffer.concat([Buffer.from(`${length}`), bytes]);
};
/** The member of this name changed, or several in its place. */
const replaced = (name: string, change: (member: TestMember) => TestMember | readonly TestMember[]) =>
  testTar(good.flatMap((member) => (member.name === name ? change(member) : [member])));
const added = (...members: readonly TestMember[]) => testTar([...good, ...members]);
const before = (...members: readonly TestMember[]) => testTar([...members, ...good]);
const withPax = (pax: string | Buffer) => replaced('./index.json', (member) => ({ ...member, pax }));
const withSize = (size: number | Uint8Array) => replaced('./index.json', (member) => ({ ...member, size }));
const base256 = (first: number, rest: bigint) => {
  const field = Buffer.alloc(12, first === 0xff ? 0xff : 0);
  field[0] = first;
  field.writeBigUInt64BE(rest, 4);
  return field;
};

const attacks: readonly (readonly [number, string, () => Buffer])[] = [
  [121, 'a blob’s name climbs out', () => added({ name: './blobs/sha256/../../../home/u/x', bytes: evil })],
  [121, 'a name climbs out', () => added({ name: '../x', bytes: evil })],
  [122, 'an absolute name', () => added({ name: '/index.json', bytes: evil })],
  [123, 'index.json with and without ./', () => added({ name: 'index.json', bytes: evil })],
  [
    123,
    'one name without ./ among the others',
    () => replaced('./oci-layout', (member) => ({ ...member, name: 'oci-layout' })),
  ],
  [123, 'the same the other way round', () => before({ name: 'index.json', bytes: evil })],
  [124, 'one name twice, the evil one last', () => added({ name: './index.json', bytes: evil })],
  [124, 'one name twice, the evil one first', () => before({ name: './index.json', bytes: evil })],
  [124, 'the same bytes twice', () => added(named('./index.json'))],
  [124, 'a folder twice', () => before({ name: './blobs/', type: '5' }, { name: './blobs', type: '5' })],
  [125, 'a name with ..', () => added({ name: './x/../index.json', bytes: evil })],
  [125, 'a name with . in the middle', () => added({ name: './blobs/./sha256/x', bytes: evil })],
  [125, 'a name with //', () => added({ name: './blobs//sha256/x', bytes: evil })],
  [126, 'a file with / at its end', () => added({ name: './index.json/', bytes: evil })],
  [126, 'a folder with bytes', () => before({ name: './blobs/', type: '5', bytes: evil })],
  [
    127,
    'a symlink to ., and a file below it',
    () => added({ name: './d', type: '2', link: '.' }, { name: './d/index.json', bytes: evil }),
  ],
  [
    128,
    'a symlink in place of index.json',
    () => replaced('./index.json', () => ({ name: './index.json', type: '2', link: 'evil.json' })),
  ],
  [
    128,
    'a blob that is a link to a file of the machine',
    () => added({ name: `./blobs/sha256/${other}`, type: '2', link: '/etc/passwd' }),
  ],
  [
    129,
    'a hard link in place of index.json',
    () => replaced('./index.json', () => ({ name: './index.json', type: '1', link: 'evil.json' })),
  ],
  [129, 'a hard link out', () => added({ name: `./blobs/sha256/${other}`, type: '1', link: '../../etc/passwd' })],
  [129, 'a plain file with a link’s target', () => replaced('./index.json', (member) => ({ ...member, link: 'x' }))],
  [129, 'a name with a drive', () => added({ name: 'C:x', bytes: evil })],
  ...['3', '4', '6', '7', 'S', 'Z', 'D', 'V', 'M'].map(
    (type) =>
      [130, `a member of type ${type}`, () => replaced('./index.json', (member) => ({ ...member, type }))] as const,
  ),
  [
    131,
    'members behind the end',
    () => Buffer.concat([testTar(good), testTar([{ name: './index.json', bytes: evil }])]),
  ],
  [131, 'one byte behind the end', () => testTar(good, Buffer.concat([Buffer.alloc(1535), Buffer.from([1])]))],
  [131, 'more zeros than any tar has', () => testTar(good, Buffer.alloc(2 * 1024 * 1024))],
  [
    132,
    'one zero block in the middle',
    () => Buffer.concat([testTar(good.slice(0, 3), Buffer.alloc(512)), testTar(good.slice(3))]),
  ],
  [132, 'one zero block at the end', () => testTar(good, Buffer.alloc(512))],
  [133, 'a PAX path', () => withPax(record('path=evil.json'))],
  [133, 'a PAX linkpath', () => withPax(record('linkpath=evil'))],
  [133, 'two PAX paths', () => withPax(Buffer.concat([record('path=ab'), record('path=cd')]))],
  [133, 'a PAX key of sparse files', () => withPax(record('GNU.sparse.major=1'))],
  [133, 'a PAX comment', () => withPax(record('comment=x'))],
  [133, 'one time twice', () => withPax(Buffer.concat([record('mtime=12'), record('mtime=13')]))],
  [133, 'a record that claims more than there is', () => withPax('99 mtime=12\n')],
  [133, 'a record that claims less than it has', () => withPax('10 mtime=12\n')],
  [133, 'a record without an end', () => withPax('11 mtime=123')],
  [133, 'a length with a zero in front', () => withPax('011 mtime=1\n')],
  [133, 'a time that is none', () => withPax(record('mtime=0x10'))],
  [
    133,
    'two PAX headers for one member',
    () => before({ name: './@PaxHeader', type: 'x', bytes: record('mtime=123'), pax: record('mtime=123') }),
  ],
  [133, 'a PAX header for no member', () => added({ name: './@PaxHeader', type: 'x', bytes: record('mtime=123') })],
  [
    133,
    'a PAX header of 5 KiB',
    () =>
      withPax(
        Array.from({ length: 500 }, () => record('mtime=123')).reduce((left, right) => Buffer.concat([left, right])),
      ),
  ],
  [133, 'a PAX header that names an owner of control characters', () => withPax(record('uname=\u001b['))],
  ...['L', 'K', 'N'].map(
    (type) =>
      [
        133,
        `a GNU header of type ${type}`,
        () => before({ name: '././@LongLink', type, bytes: Buffer.from('./index.json\0') }),
      ] as const,
  ),
  [
    134,
    'a global PAX header',
    () => before({ name: './pax_global_header', type: 'g', bytes: Buffer.from(record('path=evil.json')) }),
  ],
  [
    134,
    'a global PAX header with a time alone',
    () => before({ name: './pax_global_header', type: 'g', bytes: record('mtime=123') }),
  ],
  [135, 'a PAX size', () => withPax(record('size=99'))],
  [
    135,
    'a PAX size in front of a long name',
    () => before({ name: '././@LongLink', type: 'L', bytes: evil, pax: record('size=99') }),
  ],
  [136, 'a NUL in a PAX path', () => withPax(record('path=index.json\0x'))],
  [
    136,
    'a name that goes on behind its NUL',
    () => replaced('./index.json', (member) => ({ ...member, change: (header) => header.write('x', 50) })),
  ],
  [
    136,
    'a prefix before the name',
    () => replaced('./index.json', (member) => ({ ...member, change: (header) => header.write('blobs', 345) })),
  ],
  [137, 'a negative size', () => withSize(base256(0xff, 2n ** 64n - 512n))],
  [137, 'a size that is no octal number', () => withSize(Buffer.from('0000000000z\0'))],
  [137, 'a size with a sign', () => withSize(Buffer.from('-0000000001\0'))],
  [137, 'a size with blanks inside', () => withSize(Buffer.from('000 0000001\0'))],
  [137, 'no size', () => withSize(Buffer.alloc(12))],
  [137, 'a size of 8 EiB', () => withSize(base256(0x80, 2n ** 63n))],
  [137, 'a size of more than 64 bits', () => withSize(Buffer.concat([Buffer.from([0x80, 0, 0, 1]), Buffer.alloc(8)]))],
  [137, 'a size of more than the file has', () => withSize(10_000_000)],
  [137, 'a wrong checksum', () => flipped(testTar(good), 136)],
  [137, 'a checksum that is no number', () => overwritten(testTar(good), 148, 'zzzzzz\0 ')],
  [
    137,
    'no ustar in the header',
    () => replaced('./index.json', (member) => ({ ...member, change: (header) => header.fill(0, 257, 265) })),
  ],
  [138, 'cut in the middle of data', () => testTar(good).subarray(0, 700)],
  [138, 'cut in a header', () => testTar(good, Buffer.alloc(0)).subarray(0, -100)],
  [138, 'without its end', () => testTar(good, Buffer.alloc(0))],
  [138, 'cut in the padding', () => cutInPadding()],
  [138, 'something in the padding', () => fillPadding()],
  [139, 'packed with gzip', () => Buffer.concat([Buffer.from('1f8b0800', 'hex'), testTar(good)])],
  [139, 'packed with zstd', () => Buffer.concat([Buffer.from('28b52ffd', 'hex'), testTar(good)])],
  [139, 'packed with xz', () => Buffer.concat([Buffer.from('fd377a585a00', 'hex'), testTar(good)])],
  [
    139,
    'more members than an image can have',
    () =>
      before(
        ...Array.from({ length: MAX_MEMBERS + 1 }, (_, index) => ({
          name: `./blobs/sha256/${index.toString(16).padStart(64, '0')}`,
        })),
      ),
  ],
  [140, 'a member that nobody knows', () => added({ name: './evil.json', bytes: evil })],
  [140, 'a folder that nobody knows', () => before({ name: './tmp/', type: '5' })],
  [147, 'nothing', () => Buffer.alloc(0)],
  [147, 'zeros', () => Buffer.alloc(10_240)],
  [147, 'some text', () => Buffer.alloc(2048, 'this is no archive\n')],
  [182, 'a name that steers a terminal', () => added({ name: './\u001b]0;x\u0007', bytes: evil })],
];

function flipped(bytes: Buffer, at: number): Buffer {
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}

function overwritten(bytes: Buffer, at: number, text: string): Buffer {
  bytes.write(text, at);
  return bytes;
}

/** The last member's padding, which is never empty here. */
function cutInPadding(): Buffer {
  const whole = testTar(good, Buffer.alloc(0));
  return whole.subarray(0, -1);
}

function fillPadding(): Buffer {
  const whole = testTar(good);
  return overwritten(whole, whole.length - 1024 - 1, '\u0001');
}

describe('a tar that two readers would not read alike', () => {
  it.each(attacks)(
    'bad input %i: %s: refused before any engine call, and nothing is left',
    async (_, _title, build) => {
      const attempt = await loadOn(build());
      expect(attempt).toMatchObject({
        code: 'ARCHIVE_INVALID',
        inspected: 'ARCHIVE_INVALID',
        calls: [],
        installed: [],
        files: [],
      });
      expect(attempt.message).not.toMatch(/\p{Cc}/u);
    },
  );

  it.each(['1f8b0800', '28b52ffd', 'fd377a585a00'])('bad input 139: says so where it is packed (%s)', async (magic) => {
    const attempt = await loadOn(Buffer.concat([Buffer.from(magic, 'hex'), testTar(good)]));
    expect(attempt.message).toMatch(/packed with (gzip|zstd|xz): expected a plain tar/);
  });

  it.each<[string, () => Buffer]>([
    ['Python’s tarfile, with a PAX time before each member', () => testTar(python)],
    ['tar of a folder, with 10 KiB blocks', () => testTar(good, Buffer.alloc(10_240))],
    [
      'GNU tar’s own header',
      () => testTar(good.map((member) => ({ ...member, change: (header) => header.write('ustar  \0', 257) }))),
    ],
    [
      'sizes in base 256',
      () => testTar(good.map((member) => ({ ...member, size: base256(0x80, BigInt(member.bytes?.length ?? 0)) }))),
    ],
    [
      'type NUL for a plain file',
      () => testTar(good.map((member) => (member.type ? member : { ...member, type: '\0' }))),
    ],
    ['names without ./', () => testTar(good.map((member) => ({ ...member, name: member.name.slice(2) })))],
    [
      'owners in PAX',
      () => withPax(Buffer.concat([record('uid=1000'), record('gname=ab'), record('atime=1795439.5')])),
    ],
  ])('is not what %s writes', async (_, build) => {
    expect(await loadOn(build())).toMatchObject({
      code: undefined,
      inspected: undefined,
      installed: [expect.any(String)],
    });
  });
});
