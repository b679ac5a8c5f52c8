import { describe, expect, it } from 'vitest';
import { readAhead } from './read-ahead.ts';

const chunkOf = (number: number) => Uint8Array.of(number);
const turn = () => new Promise(setImmediate);

/** Counts what was asked of it. */
function countedSource(length: number, failure?: Error) {
  const seen = { asked: 0, isClosed: false };
  const source = (async function* () {
    try {
      for (let number = 0; number < length; number += 1) {
        seen.asked += 1;
        yield chunkOf(number);
      }
      if (failure) throw failure;
    } finally {
      seen.isClosed = true;
    }
  })();
  return { seen, source };
}

describe('reading ahead', () => {
  it('hands out every chunk, in order', async () => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of readAhead(countedSource(5).source)) chunks.push(chunk);
    expect(chunks).toEqual([0, 1, 2, 3, 4].map(chunkOf));
  });

  it('asks for the next chunk while the consumer has one, after the consumer began with it, and for no other', async () => {
    const { seen, source } = countedSource(5);
    let number = 0;
    for await (const _ of readAhead(source)) {
      number += 1;
      expect(seen.asked).toBe(number);
      await turn();
      await turn();
      expect(seen.asked).toBe(Math.min(number + 1, 5));
    }
  });

  it('throws what the source throws after every chunk that came before', async () => {
    const failure = new Error('the digest is another one');
    const chunks: Uint8Array[] = [];
    const read = async () => {
      for await (const chunk of readAhead(countedSource(2, failure).source)) {
        chunks.push(chunk);
        await turn();
      }
    };
    await expect(read()).rejects.toBe(failure);
    expect(chunks).toEqual([0, 1].map(chunkOf));
  });

  it('closes the source when the consumer stops early', async () => {
    const { seen, source } = countedSource(5);
    for await (const _ of readAhead(source)) break;
    expect(seen).toMatchObject({ isClosed: true });
    expect(seen.asked).toBeLessThan(3);
  });
});
