import { createHash } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readStretch, type SeekableFile } from './read-stretch.ts';

const MiB = 1024 * 1024;
const bytes = Buffer.concat(
  Array.from({ length: 3.5 * MiB * (1 / 32) }, (_, line) => createHash('sha256').update(`${line}`).digest()),
);

/** A file in memory, whose reads are there at once: whoever reads ahead has read by the time that a chunk is looked at. */
const file: SeekableFile = {
  async read(offset, length, into = Buffer.alloc(length)) {
    bytes.copy(into, 0, offset, offset + length);
    return into.subarray(0, length);
  },
};

describe('a stretch of a file', () => {
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

  it('keeps the last two chunks as they are, whatever was read since', async () => {
    const stretch = { offset: 0, size: bytes.length };
    let before: Uint8Array = Buffer.alloc(0);
    let at = 0;
    for await (const chunk of readStretch(file, stretch, { isTransient: true })) {
      await new Promise(setImmediate); // time to read ahead
      expect(Buffer.compare(before, bytes.subarray(at - before.length, at))).toBe(0);
      at += chunk.length;
      before = chunk;
    }
  });

  it('uses the memory of three chunks again and again, where that was agreed', async () => {
    const memory = new Set<ArrayBufferLike>();
    for await (const { buffer } of readStretch(file, { offset: 0, size: bytes.length }, { isTransient: true }))
      memory.add(buffer);
    expect(memory.size).toBe(3);
  });

  it('leaves no failure behind that nobody hears, where it is told to stop before its first chunk', async () => {
    const stop = AbortSignal.abort(new Error('stop'));
    const failing: SeekableFile = { read: () => Promise.reject(new Error('it got shorter')) };
    const unheard: unknown[] = [];
    const hear = (error: unknown) => unheard.push(error);
    process.on('unhandledRejection', hear);
    onTestFinished(() => void process.off('unhandledRejection', hear));
    const read = readStretch(failing, { offset: 0, size: 10 }, { signal: stop });
    await expect(read.next()).rejects.toThrow('stop');
    await new Promise(setImmediate);
    expect(unheard).toEqual([]);
  });
});
