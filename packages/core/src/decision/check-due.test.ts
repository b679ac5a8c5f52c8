import { describe, expect, it } from 'vitest';
import { isCheckDue } from './check-due.ts';

const at = (hours: number) => new Date(Date.UTC(2026, 0, 1) + hours * 3_600_000);
const failed = (time: Date, count: number) => ({ lastCheck: { time: at(0) }, failedChecks: { time, count } });

describe('isCheckDue', () => {
  it.each([
    ['nothing was ever checked', {}, at(0), true],
    ['the interval is not over', { lastCheck: { time: at(0) } }, at(11.9), false],
    ['the interval is over', { lastCheck: { time: at(0) } }, at(12), true],
    ['the last check is in the future, by a clock that went wrong', { lastCheck: { time: at(9000) } }, at(1), true],
    ['one check failed just now', failed(at(20), 1), at(20.2), false],
    ['one check failed a quarter of an hour ago', failed(at(20), 1), at(20.25), true],
    ['three failed, the last one half an hour ago', failed(at(20), 3), at(20.5), false],
    ['three failed, the last one an hour ago', failed(at(20), 3), at(21), true],
    ['a thousand failed, the last one an interval ago', failed(at(20), 1000), at(32), true],
    ['a thousand failed, the last one less than an interval ago', failed(at(20), 1000), at(31.9), false],
  ])('%s', (_, checks, now, isDue) => {
    expect(isCheckDue(checks, 12, now)).toBe(isDue);
  });
});
