import { describe, expect, it } from 'vitest';
import { parseTarHeader } from './parse-tar-header.ts';

/** A header as `tar` writes it, changed, with a checksum that fits. */
function headerWith(change: (header: Buffer) => void): Buffer {
  const header = Buffer.alloc(512);
  header.write('./index.json', 0);
  header.write('00000000012\0', 124);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  change(header);
  header.write(' '.repeat(8), 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

const withSize = (field: Uint8Array) => parseTarHeader(headerWith((header) => header.set(field, 124)));
const base256 = (first: readonly number[], rest: bigint) => {
  const field = Buffer.alloc(12);
  field.set(first);
  field.writeBigUInt64BE(rest, 4);
  return field;
};

describe('a tar header', () => {
  it('says name, type and size', () => {
    expect(parseTarHeader(headerWith(() => {}))).toMatchObject({ name: './index.json', type: '0', size: 10 });
  });

  it.each<[string, Uint8Array, number]>([
    ['eleven digits and NUL', Buffer.from('77777777777\0'), 8 ** 11 - 1],
    ['eleven digits and a blank', Buffer.from('00000000012 '), 10],
    ['twelve digits', Buffer.from('000000000012'), 10],
    ['base 256, 8 GiB', base256([0x80], 8n ** 11n), 8 ** 11],
    ['base 256, 2^53 - 1', base256([0x80], 2n ** 53n - 1n), 2 ** 53 - 1],
  ])('takes a size of %s', (_, field, size) => {
    expect(withSize(field)).toMatchObject({ size });
  });

  it.each<[string, Uint8Array]>([
    ['a letter', Buffer.from('0000000000z\0')],
    ['an 8', Buffer.from('00000000008\0')],
    ['a sign', Buffer.from('-0000000001\0')],
    ['blanks in front', Buffer.from('         12\0')],
    ['something behind its end', Buffer.from('12\x0000000000\x000')],
    ['nothing', Buffer.alloc(12)],
    ['base 256, negative', base256([0xff, 0xff, 0xff, 0xff], 2n ** 64n - 512n)],
    ['base 256, 2^53', base256([0x80], 2n ** 53n)],
    ['base 256, 8 EiB', base256([0x80], 2n ** 63n)],
    ['base 256, beyond 64 bits', base256([0x80, 0, 0, 1], 1n)],
    ['base 256, more than its first bit', base256([0x81], 1n)],
  ])('bad input 137: has no size of %s', (_, field) => {
    expect(withSize(field)).toEqual(expect.any(String));
  });
});
