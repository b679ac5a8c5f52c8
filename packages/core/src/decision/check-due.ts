/** Twelve hours, as Dangerzone waits. */
export const DEFAULT_INTERVAL_HOURS = 12;

const FIRST_WAIT_MS = 15 * 60 * 1000;
const HOUR_MS = 60 * 60 * 1000;

export interface Checks {
  /** The last check that was answered. */
  readonly lastCheck?: { readonly time: Date };
  /** Those that failed since then. */
  readonly failedChecks?: Failures;
}

export interface Failures {
  /** The last one. */
  readonly time: Date;
  readonly count: number;
}

/** A clock that was ahead once must not put off every check until it is caught up: a time to come counts as none. */
export function isCheckDue({ lastCheck, failedChecks }: Checks, intervalHours: number, now: Date): boolean {
  if (failedChecks) return !isBackingOff(failedChecks, intervalHours, now);
  return lastCheck === undefined || !isWithin(lastCheck.time, intervalHours * HOUR_MS, now);
}

/** A quarter of an hour after the first failure, twice as long after each more, never longer than the interval. */
export function isBackingOff({ time, count }: Failures, intervalHours: number, now: Date): boolean {
  const wait = FIRST_WAIT_MS * 2 ** Math.min(count - 1, 30);
  return isWithin(time, Math.min(wait, intervalHours * HOUR_MS), now);
}

function isWithin(start: Date, span: number, now: Date): boolean {
  const passed = now.getTime() - start.getTime();
  return passed >= 0 && passed < span;
}
