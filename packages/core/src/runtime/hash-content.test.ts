import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../oci/digest.ts';
import { hashContent } from './hash-content.ts';

const plain = Buffer.from('a layer '.repeat(500_000));
const flipped = (bytes: Buffer, at: number) => {
  const changed = Buffer.from(bytes);
  changed.writeUInt8((bytes.at(at) ?? 0) ^ 1, at < 0 ? bytes.length + at : at);
  return changed;
};

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('hashing content as it comes by', () => {
  it.each([
    ['nothing', Buffer.alloc(0), undefined],
    ['a byte', Buffer.from([0x1f]), undefined],
    ['plain bytes', plain, undefined],
    ['gzip', gzipSync(plain), digestOf(plain)],
    ['gzip in two members', Buffer.concat([gzipSync(plain), gzipSync(plain)]), digestOf(Buffer.concat([plain, plain]))],
    ['zstd', zstdCompressSync(plain), digestOf(plain)],
    ['gzip that is cut off', gzipSync(plain).subarray(0, -9), undefined],
    ['gzip with a wrong checksum', flipped(gzipSync(plain), -6), undefined],
    ['gzip with a wrong length', flipped(gzipSync(plain), -2), undefined],
    ['zstd that is cut off', zstdCompressSync(plain).subarray(0, -9), undefined],
    ['what only begins as gzip', Buffer.concat([Buffer.from([0x1f, 0x8b]), plain]), undefined],
    ['what only begins as zstd', Buffer.concat([Buffer.from('28b52ffd', 'hex'), plain]), undefined],
  ])('of %s has the digest, and the unpacked one where there is one', async (_, bytes, unpacked) => {
    for (const size of [1000, 1 << 20]) {
      const hashes = await hashContent(inChunks(bytes, size));
      expect(hashes).toEqual({ digest: digestOf(bytes), ...(unpacked && { unpacked }) });
    }
    expect((await hashContent(inChunks(bytes.subarray(0, 4096), 1))).digest).toBe(digestOf(bytes.subarray(0, 4096)));
  });

  it('hashes all of what has something behind its gzip, which a blob’s own digest then tells', async () => {
    const bytes = Buffer.concat([gzipSync(plain), Buffer.alloc(3_000_000, 'x')]);
    for (const size of [1000, 1 << 20]) {
      expect((await hashContent(inChunks(bytes, size))).digest).toBe(digestOf(bytes));
    }
  });

  it.each([
    ['plain', plain],
    ['gzip', gzipSync(Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * at) >> 3)))],
  ])('passes on why its source broke off: %s', async (_, bytes) => {
    const source = async function* () {
      yield bytes.subarray(0, 1000);
      yield bytes.subarray(1000, 2000);
      throw new RangeError('cut');
    };
    await expect(hashContent(source())).rejects.toThrow('cut');
  });
});
