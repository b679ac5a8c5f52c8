import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type ArchiveFile, readStretch } from './archive-file.ts';

const MiB = 1024 * 1024;
const bytes = Buffer.concat(
  Array.from({ length: 3.5 * MiB * (1 / 32) }, (_, line) => createHash('sha256').update(`${line}`).digest()),
);

/** A file in memory, whose reads are there at once: whoever reads ahead has read by the time that a chunk is looked at. */
const file: ArchiveFile = {
  location: 'of the test',
  size: bytes.length,
  async read(offset, length, into = Buffer.alloc(length)) {
    bytes.copy(into, 0, offset, offset + length);
    return into.subarray(0, length);
  },
  close: async () => {},
};

describe('a stretch of an archive', () => {
  it.each([true, false])('is read whole and in order, in more than one chunk (transient: %s)', async (isTransient) => {
    const stretch = { offset: 5, size: 3 * MiB + 7 };
    let at = stretch.offset;
    let chunks = 0;
    for await (const chunk of readStretch(file, stretch, { isTransient })) {
      expect(Buffer.compare(chunk, bytes.subarray(at, at + chunk.length))).toBe(0);
      at += chunk.length;
      chunks += 1;
    }
    expect(at).toBe(stretch.offset + stretch.size);
    expect(chunks).toBeGreaterThan(3);
  });

  it('uses the memory of two chunks again and again, where each is done with when the next is asked for', async () => {
    const memory = new Set<ArrayBufferLike>();
    for await (const { buffer } of readStretch(file, { offset: 0, size: bytes.length }, { isTransient: true }))
      memory.add(buffer);
    expect(memory.size).toBe(2);
  });
});
