import { describe, expect, it } from 'vitest';
import { readTar } from './read-tar.ts';
import { chunksOf, type TestMember, tarOfMembers } from './saved-tar.test-support.ts';
import { tarHeader } from './tar-header.ts';

async function listed(bytes: Uint8Array, size?: number): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, kind, content } of readTar(chunksOf(bytes, size))) {
    let read = 0;
    for await (const chunk of content) read += chunk.length;
    names.push(`${kind} ${name} ${read}`);
  }
  return names;
}

const file: TestMember = { name: 'a', bytes: 'content' };
const pax = (records: string): TestMember => ({ name: 'pax', type: 'x', bytes: records });

describe('reading a tar as it comes by', () => {
  it('gives its files, folders and links, whatever the size of its chunks', async () => {
    const members = [
      file,
      { name: 'b/', type: '5' },
      { name: 'b/c', type: '2', linkName: '../a' },
      pax('19 mtime=1700000000\n'.replace('19', '20')),
      { name: 'd', bytes: Buffer.alloc(1024) },
    ];
    const names = ['file a 7', 'folder b/ 0', 'link b/c 0', 'file d 1024'];
    for (const size of [1, 511, 512, 1 << 20]) expect(await listed(tarOfMembers(members), size)).toEqual(names);
    expect(await listed(tarOfMembers([file], Buffer.alloc(10_240)))).toEqual(['file a 7']);
  });

  it.each<[string, Uint8Array]>([
    ['nothing', Buffer.alloc(0)],
    ['no end', tarOfMembers([file], Buffer.alloc(0))],
    ['half an end', tarOfMembers([file], Buffer.alloc(512))],
    ['content that is cut off', tarOfMembers([file]).subarray(0, 515)],
    ['padding that is cut off', tarOfMembers([file]).subarray(0, 530)],
    ['something behind its end', Buffer.concat([tarOfMembers([file]), Buffer.from('x')])],
    ['zeros without end', tarOfMembers([file], Buffer.alloc(2 << 20))],
    [
      'one block of zeros in the middle',
      tarOfMembers([file], tarOfMembers([file], Buffer.alloc(1024)).fill(0, 0, 512)),
    ],
    ['something in its padding', tarOfMembers([{ ...file, padding: 'x' }])],
    ['a wrong checksum', tarOfMembers([{ ...file, checksum: '000000\0 ' }])],
    ['no magic', tarOfMembers([{ ...file, over: { 257: 'ustaR' } }])],
    ['a name with something behind its end', tarOfMembers([{ ...file, over: { 50: 'x' } }])],
    ['a prefix', tarOfMembers([{ ...file, over: { 345: 'etc' } }])],
    ['a size that is no number', tarOfMembers([{ ...file, over: { 124: '-1' } }])],
    ['a size that is negative in base 256', tarOfMembers([{ ...file, over: { 124: '\xff'.repeat(12) } }])],
    ['a size of twelve bytes', tarOfMembers([{ ...file, over: { 124: '\x80\x01\0\0\0\0\0\0\0\0\0\x07' } }])],
    ['a size beyond all bounds', tarOfMembers([{ ...file, over: { 124: '777777777777' } }])],
    ['a link with content', tarOfMembers([{ ...file, type: '2' }])],
    ['a folder with content', tarOfMembers([{ ...file, type: '5' }])],
    ...['3', '4', '6', '7', 'g', 'L', 'K', 'S', 'D', '9'].map((type): [string, Uint8Array] => [
      `a member of type ${type}`,
      tarOfMembers([{ name: 'x', type }]),
    ]),
    ['a PAX path', tarOfMembers([pax('9 path=b\n'), file])],
    ['a PAX size', tarOfMembers([pax('9 size=0\n'), file])],
    ['PAX records of another form', tarOfMembers([pax('mtime=1'), file])],
    ['PAX records that are long', tarOfMembers([pax(`5000 mtime=${'1'.repeat(4990)}\n`), file])],
    ['a PAX header with nothing behind it', tarOfMembers([pax('10 uid=00\n')])],
    ['two PAX headers', tarOfMembers([pax('10 uid=00\n'), pax('10 uid=00\n'), file])],
    ['members without end', tarOfMembers(Array.from({ length: 10_001 }, (_, at) => ({ name: `${at}` })))],
  ])('refuses %s', async (_, bytes) => {
    await expect(listed(bytes, 64 * 1024)).rejects.toMatchObject({ code: 'RUNTIME_FAILED' });
  });

  it('reads nothing of a member that is larger than any layer', async () => {
    const source = async function* () {
      yield tarHeader('a', 65 * 1024 ** 3);
      throw new TypeError('asked for more');
    };
    const read = async () => {
      for await (const { content } of readTar(source())) for await (const _ of content);
    };
    await expect(read()).rejects.toMatchObject({ code: 'RUNTIME_FAILED' });
  });

  it('tells its source when nobody wants the rest', async () => {
    let isTold = false;
    const source = async function* () {
      try {
        for (;;) yield Buffer.concat([tarHeader('a', 8192)]);
      } finally {
        isTold = true;
      }
    };
    for await (const member of readTar(source())) if (member) break;
    expect(isTold).toBe(true);
  });
});
