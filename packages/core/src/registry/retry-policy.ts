import { setTimeout } from 'node:timers/promises';
import { codeOf } from '../errors/coded-error.ts';

/** How often, and how long apart, a request that failed in passing is made again. */
export interface RetryPolicy {
  /** After the first. */
  readonly moreTries: number;
  /** Ends early with the signal's reason. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** From 0 to 1: many clients that failed together shall not come back together. */
  random(): number;
  /** Milliseconds since 1970, for a `Retry-After` that is a date. */
  now(): number;
}

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 30_000;

export const defaultRetryPolicy: RetryPolicy = {
  moreTries: 3,
  async wait(ms, signal) {
    await setTimeout(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
  },
  random: Math.random,
  now: Date.now,
};

/** The pause before a further try, counted from 1: it doubles, half of it by chance; never shorter than asked for, never long. */
export function pauseBefore(retry: number, policy: RetryPolicy, retryAfter?: string | string[]): number {
  const pause = FIRST_PAUSE_MS * 2 ** (retry - 1) * (0.5 + policy.random() / 2);
  return Math.min(LONGEST_PAUSE_MS, Math.max(pause, askedPause(retryAfter, policy.now())));
}

/** RFC 9110, section 10.2.3: seconds or a date. The registry chooses it, so anything else counts as nothing. */
function askedPause(retryAfter: string | string[] | undefined, now: number): number {
  if (typeof retryAfter !== 'string' || retryAfter.length > 40) return 0;
  const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - now;
  return Number.isNaN(ms) ? 0 : ms; // one that is over is less than the pause that we make anyway
}

// A name that is unknown, a refused connection and a wrong certificate will be the same in a second.
const PASSING_REASONS: ReadonlySet<unknown> = new Set(['broken', 'timeout', 'proxy-target']);

/** True for a failure of the network that the same request may not meet again. */
export function isPassing(error: unknown): boolean {
  if (codeOf(error) !== 'REGISTRY_UNREACHABLE') return false;
  const { details } = error as { readonly details?: { readonly reason?: unknown } };
  return PASSING_REASONS.has(details?.reason);
}
