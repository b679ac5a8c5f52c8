import { describe, expect, it } from 'vitest';
import { limitParallel } from './limit-parallel.ts';

describe('limitParallel', () => {
  it('starts the next task when one ends, well or badly, in order', async () => {
    const inTurn = limitParallel(2);
    const started: number[] = [];
    const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<number>());
    const results = gates.map(({ promise }, at) =>
      inTurn(() => {
        started.push(at);
        return promise;
      }).catch(() => 'failed'),
    );
    expect(started).toEqual([0, 1]);
    gates[1]?.reject(new Error('no'));
    await results[1];
    expect(started).toEqual([0, 1, 2]);
    for (const [at, gate] of gates.entries()) gate.resolve(at);
    expect(await Promise.all(results)).toEqual([0, 'failed', 2, 3]);
    expect(await inTurn(async () => 'free again')).toBe('free again');
  });
});
