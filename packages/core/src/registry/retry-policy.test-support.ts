import { defaultRetryPolicy, type RetryPolicy } from './retry-policy.ts';

/** Tries as often as in the world, without a pause. */
export const withoutPause: RetryPolicy = {
  ...defaultRetryPolicy,
  wait: async (_ms, signal) => signal.throwIfAborted(),
};

/** One try. */
export const once: RetryPolicy = { ...withoutPause, moreTries: 0 };

/** Tells which pauses were made, of a fixed chance and clock. */
export function recordPauses(moreTries = 3) {
  const pauses: number[] = [];
  const policy: RetryPolicy = {
    moreTries,
    wait: async (ms, signal) => {
      signal.throwIfAborted();
      pauses.push(ms);
    },
    random: () => 1,
    now: () => Date.UTC(2026, 0, 1),
  };
  return { pauses, policy };
}
