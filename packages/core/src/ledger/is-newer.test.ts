import { describe, expect, it } from 'vitest';
import { digestOf } from '../oci/digest.ts';
import { isNewer } from './is-newer.ts';
import { emptyLedger } from './ledger.ts';
import { recordSeen } from './ledger-changes.ts';
import type { Release } from './release.ts';

const [LOG, OTHER] = ['a'.repeat(64), 'b'.repeat(64)] as const;

function release(name: string, ranks: Record<string, number>, month?: number): Release {
  const digest = (part: string) => digestOf(Buffer.from(`${name} ${part}`));
  return {
    signed: digest('index'),
    manifest: digest('manifest'),
    config: digest('config'),
    ranks,
    loggedAt: new Date('2026-12-01'),
    ...(month && { created: new Date(Date.UTC(2026, month - 1, 1)) }),
  };
}

describe('isNewer', () => {
  it.each([
    ['later content and a higher index', release('b', { [LOG]: 2 }, 3), true],
    ['later content and a lower index', release('b', { [LOG]: 0 }, 3), false],
    ['older content, logged again', release('b', { [LOG]: 9 }, 1), false],
    ['the same date and a higher index', release('b', { [LOG]: 9 }, 2), true],
    ['no date and a higher index', release('b', { [LOG]: 9 }), true],
    ['later content, and no log that has both', release('b', { [OTHER]: 1 }, 3), true],
    ['the same date, and no log that has both', release('b', { [OTHER]: 99 }, 2), false],
    ['no date, and no log that has both', release('b', { [OTHER]: 99 }), false],
    ['the same release, logged again', release('a', { [LOG]: 9 }, 2), false],
  ])('%s', (_, candidate, expected) => {
    const than = release('a', { [LOG]: 1 }, 2);
    expect(isNewer(emptyLedger('x'), candidate, than)).toBe(expected);
  });

  it('goes by the lowest index that was ever seen, so that nothing gets newer by being logged again', () => {
    const [old, than] = [release('b', { [LOG]: 9 }), release('a', { [LOG]: 5 })];
    const ledger = recordSeen(emptyLedger('x'), { digest: old.signed, ranks: { [LOG]: 1 } });
    expect(isNewer(emptyLedger('x'), old, than)).toBe(true);
    expect(isNewer(ledger, old, than)).toBe(false);
  });
});
