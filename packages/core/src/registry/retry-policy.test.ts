import { describe, expect, it } from 'vitest';
import { defaultRetryPolicy, pauseBefore } from './retry-policy.ts';

describe('defaultRetryPolicy', () => {
  it('ends a pause at once with the reason of an abort', async () => {
    const reason = new Error('Ctrl-C');
    const controller = new AbortController();
    const waiting = expect(defaultRetryPolicy.wait(60_000, controller.signal)).rejects.toBe(reason);
    controller.abort(reason);
    await waiting;
    await expect(defaultRetryPolicy.wait(60_000, controller.signal)).rejects.toBe(reason);
    await defaultRetryPolicy.wait(0, new AbortController().signal);
  });

  it('leaves at most half of a pause to chance', () => {
    const at = (random: number) => pauseBefore(2, { ...defaultRetryPolicy, random: () => random });
    expect([at(0), at(0.5), at(1)]).toEqual([300, 450, 600]);
  });
});
