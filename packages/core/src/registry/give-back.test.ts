import { describe, expect, it } from 'vitest';
import { giveBack } from './give-back.ts';

describe('giveBack', () => {
  it('frees a chunk that is all of its memory', () => {
    const chunk = new Uint8Array(64 * 1024);
    giveBack(chunk);
    expect(chunk.length).toBe(0);
  });

  it.each([
    ['the rest of its memory is somebody else’s', new Uint8Array(64 * 1024).subarray(1)],
    ['it is of Buffer’s pool', Buffer.from('pooled')],
    ['it is shared with another thread', new Uint8Array(new SharedArrayBuffer(8))],
  ])('leaves a chunk alone where %s', (_why, chunk) => {
    const before = Buffer.from(chunk);
    giveBack(chunk);
    expect(Buffer.from(chunk)).toEqual(before);
  });
});
