import { describe, expect, it } from 'vitest';
import { orAborted, startDeadline } from './deadline.ts';

const reason = new Error('stop');
const never = new Promise<never>(() => {});

describe('startDeadline', () => {
  it('ends with REGISTRY_UNREACHABLE when its time is over', async () => {
    const { signal } = startDeadline(1, 'a look-up');
    await expect(orAborted(never, signal)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      details: { reason: 'timeout' },
    });
  });

  it('ends with the caller’s signal and reason, also when that came before', async () => {
    const controller = new AbortController();
    const { signal, end } = startDeadline(60_000, 'a look-up', controller.signal);
    controller.abort(reason);
    await expect(orAborted(never, signal)).rejects.toBe(reason);
    end();
    const late = startDeadline(60_000, 'a look-up', AbortSignal.abort(reason));
    expect(late.signal.reason).toBe(reason);
    late.end();
  });

  it('does nothing any more after its end', () => {
    const controller = new AbortController();
    const { signal, end } = startDeadline(60_000, 'a look-up', controller.signal);
    end();
    controller.abort(reason);
    expect(signal.aborted).toBe(false);
  });

  it('takes a time longer than a timer can be for a very long one', async () => {
    const { signal, end } = startDeadline(2 ** 40, 'a look-up');
    await new Promise((resolve) => setTimeout(resolve, 5)); // a timer that overflows fires after 1 ms
    expect(signal.aborted).toBe(false);
    end();
  });
});

describe('orAborted', () => {
  it('settles as the promise does', async () => {
    const { signal } = new AbortController();
    expect(await orAborted(Promise.resolve(1), signal)).toBe(1);
    await expect(orAborted(Promise.reject(reason), signal)).rejects.toBe(reason);
  });

  it('waits for no promise when the signal has fired: a connection that hangs cannot hold up Ctrl-C', async () => {
    await expect(orAborted(never, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
