import { describe, expect, it } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { emptyLedger, type Ledger } from './ledger.ts';
import { commitInstalled, raiseFloor, recordSeen } from './ledger-changes.ts';
import { effectiveFloors, highestRelease, installedRelease, requireInstallable } from './order.ts';
import type { Release } from './release.ts';

const LOG = 'a'.repeat(64);
const OTHER_LOG = 'b'.repeat(64);
const image = 'registry.example.org/team/sandbox';
const now = new Date('2026-06-01T00:00:00Z');
const digest = (name: string): Digest => digestOf(Buffer.from(name));
const day = (date: string) => new Date(`${date}T00:00:00Z`);

/** A release with its index signed; `ranks` in LOG where a number is given. */
function release(
  name: string,
  ranks: number | Record<string, number>,
  created?: string,
  more: Partial<Release> = {},
): Release {
  return {
    signed: digest(`${name} index`),
    index: digest(`${name} index`),
    manifest: digest(`${name} manifest`),
    config: digest(`${name} config`),
    ranks: typeof ranks === 'number' ? { [LOG]: ranks } : ranks,
    ...(created && { created: day(created), loggedAt: new Date(day(created).getTime() + 3_600_000) }),
    ...more,
  };
}

const bySignatureOfManifest = (of: Release, index: number): Release => ({
  ...of,
  signed: of.manifest,
  ranks: { [LOG]: index },
});

function install(ledger: Ledger, ...releases: Release[]): Ledger {
  return releases.reduce((before, next) => commitInstalled(before, next, { now, forced: false }), ledger);
}

const decide = (ledger: Ledger, candidate: Release, floor: Record<string, number> = {}, engineHasIt = false) => {
  try {
    return requireInstallable(ledger, candidate, floor, { engineHasIt }).kind;
  } catch (error) {
    return codeOf(error);
  }
};

const fresh = emptyLedger(image);
const first = release('first', 100, '2026-01-01');
const second = release('second', 200, '2026-02-01');
const onSecond = install(fresh, first, second);

describe('requireInstallable', () => {
  it.each<[string, Ledger, Release, Record<string, number>, string]>([
    ['takes the first image where nothing is known', fresh, first, {}, 'newer'],
    ['takes a first image at the profile’s floor', fresh, first, { [LOG]: 100 }, 'newer'],
    ['takes a newer image', onSecond, release('third', 300, '2026-03-01'), {}, 'newer'],
    ['takes a newer image of the same content date', onSecond, release('third', 300, '2026-02-01'), {}, 'newer'],
    ['bad input 77: refuses a first image below the profile’s floor', fresh, first, { [LOG]: 101 }, 'ROLLBACK_REFUSED'],
    [
      'bad input 77: refuses an index below the ledger’s floor',
      onSecond,
      release('third', 199, '2026-03-01'),
      {},
      'ROLLBACK_REFUSED',
    ],
    [
      'bad input 77: refuses an index below Dangerzone’s floor',
      raiseFloor(onSecond, LOG, 500),
      release('third', 499, '2026-03-01'),
      {},
      'ROLLBACK_REFUSED',
    ],
    [
      'bad input 156: takes the higher of the ledger’s floor and the profile’s',
      onSecond,
      release('third', 300, '2026-03-01'),
      { [LOG]: 301 },
      'ROLLBACK_REFUSED',
    ],
    [
      'bad input 78: refuses one entry for two images',
      onSecond,
      release('third', 200, '2026-03-01'),
      {},
      'LOG_ENTRY_INVALID',
    ],
    ['bad input 78: installs the same image again where it is missing', onSecond, second, {}, 'reinstall'],
    ['bad input 79: refuses a superseded image under its old index', onSecond, first, {}, 'ROLLBACK_REFUSED'],
    [
      'bad input 79: refuses a superseded image that was logged again',
      onSecond,
      { ...first, ranks: { [LOG]: 900 } },
      {},
      'ROLLBACK_REFUSED',
    ],
    [
      'bad input 79: refuses a superseded image in another index',
      onSecond,
      { ...release('x', 900, '2026-05-01'), config: first.config, manifest: first.manifest },
      {},
      'ROLLBACK_REFUSED',
    ],
    [
      'bad input 80: refuses an older image, never seen here, that was logged again',
      onSecond,
      release('never seen', 900, '2026-01-15'),
      {},
      'ROLLBACK_REFUSED',
    ],
    ['bad input 80: lets the index decide where the date is missing', onSecond, release('undated', 900), {}, 'newer'],
    [
      'bad input 80: refuses a lower index where the date is missing',
      onSecond,
      release('undated', 150),
      {},
      'ROLLBACK_REFUSED',
    ],
    [
      'bad input 83: refuses another log with an equal date',
      onSecond,
      release('third', { [OTHER_LOG]: 735 }, '2026-02-01'),
      {},
      'ROLLBACK_REFUSED',
    ],
    [
      'bad input 83: refuses another log with an older date and a higher number',
      onSecond,
      release('third', { [OTHER_LOG]: 9_000_000 }, '2026-01-31'),
      {},
      'ROLLBACK_REFUSED',
    ],
    [
      'bad input 83: refuses another log without a date',
      onSecond,
      release('third', { [OTHER_LOG]: 735 }),
      {},
      'ROLLBACK_REFUSED',
    ],
    [
      'bad input 83: takes another log with a later date',
      onSecond,
      release('third', { [OTHER_LOG]: 735 }, '2026-02-02'),
      {},
      'newer',
    ],
    [
      'refuses a first image without an entry in any log that has a floor',
      fresh,
      release('x', { [OTHER_LOG]: 735 }, '2026-03-01'),
      { [LOG]: 100 },
      'ROLLBACK_REFUSED',
    ],
    ['refuses an image without any entry after one that had some', onSecond, release('x', {}), {}, 'ROLLBACK_REFUSED'],
    [
      'bad input 84: takes an index above a floor that its shard’s index is below',
      fresh,
      release('x', 771_488_337, '2026-01-01'),
      { [LOG]: 700_000_000 },
      'newer',
    ],
  ])('%s', (_, ledger, candidate, floor, expected) => {
    expect(decide(ledger, candidate, floor)).toBe(expected);
  });

  it.each([2 ** 31, 2 ** 32])('bad input 76: orders indexes around %d', (boundary) => {
    const before = install(fresh, release('below', boundary - 1, '2026-01-01'));
    const after = install(fresh, release('above', boundary + 1, '2026-01-01'));
    expect(decide(before, release('above', boundary + 1, '2026-01-01'))).toBe('newer');
    expect(decide(after, release('below', boundary - 1, '2026-01-01'))).toBe('ROLLBACK_REFUSED');
  });

  it.each([
    ['before 1980', '1970-01-01T00:00:01Z'],
    ['in year 1', '0001-01-01T00:00:00Z'],
    ['after the log time', '2099-01-01T00:00:00Z'],
  ])('does not use a content date %s, and says so', (_, created) => {
    const odd = release('odd', 300, undefined, { created: new Date(created), loggedAt: day('2026-03-01') });
    const { kind, notes } = requireInstallable(onSecond, odd, {});
    expect({ kind, notes: notes.length }).toEqual({ kind: 'newer', notes: 1 });
    const after = install(onSecond, odd);
    expect(after.highest?.contentDate).toEqual(second.created);
    expect(decide(after, release('older', 400, '2026-01-20'))).toBe('ROLLBACK_REFUSED');
  });

  it('bad input 81: ranks a digest by the lowest of its signatures, and takes that as the floor', () => {
    const again = recordSeen(fresh, { digest: first.signed, ranks: { [LOG]: 164_177_381 } });
    const relogged = { ...first, ranks: { [LOG]: 164_484_602 } };
    expect(install(again, relogged).floors).toEqual({ [LOG]: 164_177_381 });
    expect(decide(install(again, relogged), release('between', 164_445_483, '2026-02-01'))).toBe('newer');
  });

  it('ranks by the lowest index that any verb saw, also for an image that was never installed', () => {
    const seen = recordSeen(onSecond, { digest: digest('old index'), ranks: { [LOG]: 150 } });
    expect(decide(seen, release('old', 900, '2026-03-01'))).toBe('ROLLBACK_REFUSED');
    expect(decide(onSecond, release('old', 900, '2026-03-01'))).toBe('newer');
  });

  it('refuses a lower index in a log that has no floor yet, because the highest release was seen there later', () => {
    const seen = recordSeen(onSecond, { digest: second.signed, ranks: { [OTHER_LOG]: 50 } });
    expect(decide(seen, release('third', { [OTHER_LOG]: 40 }, '2026-03-01'))).toBe('ROLLBACK_REFUSED');
    expect(decide(seen, release('third', { [OTHER_LOG]: 60 }, '2026-03-01'))).toBe('newer');
  });

  it('bad input 79: knows a superseded image by its config, when its layers were packed anew', () => {
    const repacked = { ...release('repacked', 900, '2026-05-01'), config: first.config };
    expect(decide(onSecond, repacked)).toBe('ROLLBACK_REFUSED');
    expect(decide(onSecond, { ...repacked, config: second.config })).toBe('reinstall');
  });

  it('bad input 82: calls a release the same, whichever of its signatures has the higher index', () => {
    const byArchive = install(fresh, first, bySignatureOfManifest(second, 205));
    expect(requireInstallable(byArchive, second, {}).kind).toBe('same');
    expect(decide(byArchive, second)).toBe('reinstall');
    expect(requireInstallable(onSecond, bySignatureOfManifest(second, 205), {}).kind).toBe('same');
  });

  it('does not take siblings in one index, or a shared index digest, for the same release', () => {
    const sibling = { ...release('sibling', 200, '2026-02-01'), signed: second.signed, index: second.signed };
    expect(decide(onSecond, sibling)).not.toBe('reinstall');
    expect(decide(onSecond, sibling)).not.toBe('LOG_ENTRY_INVALID');
  });

  it('is not shut out by a floor that one of its own later signatures set', () => {
    const dangerzones = raiseFloor(fresh, LOG, 164_484_602); // Dangerzone counts the highest index of a file
    const thrice = release('thrice', 164_177_381, '2025-01-21', {
      indexes: { [LOG]: [164_177_381, 164_445_483, 164_484_602] },
    });
    expect(decide(dangerzones, thrice)).toBe('newer');
    expect(decide(dangerzones, { ...thrice, indexes: { [LOG]: [164_177_381] } })).toBe('ROLLBACK_REFUSED');
  });

  it('never compares the numbers of two logs', () => {
    const inOther = install(fresh, release('one', { [OTHER_LOG]: 5 }, '2026-01-01'));
    expect(decide(inOther, release('two', { [LOG]: 3, [OTHER_LOG]: 6 }, '2026-01-01'))).toBe('newer');
    expect(decide(inOther, release('two', { [LOG]: 999, [OTHER_LOG]: 4 }, '2026-01-01'))).toBe('ROLLBACK_REFUSED');
  });

  it('tells both indexes, both digests, both dates and the way out', () => {
    const refusal = (candidate: Release) => {
      try {
        requireInstallable(onSecond, candidate, {});
      } catch (error) {
        return error as { message: string; suggestions: string[]; details: Record<string, unknown> };
      }
      throw new Error('expected a refusal');
    };
    for (const candidate of [release('lower', 150, '2026-03-01'), release('older', 300, '2026-01-02')]) {
      const { message, suggestions, details } = refusal(candidate);
      for (const part of [
        candidate.signed,
        second.signed,
        String(candidate.ranks[LOG]),
        '200',
        '2026-02-01',
        candidate.created?.toISOString().slice(0, 10),
      ]) {
        expect(message).toContain(part);
      }
      expect(suggestions.join(' ')).toContain('--force');
      expect(details).toMatchObject({ offered: { digest: candidate.signed }, accepted: { digest: second.signed } });
    }
    expect(refusal({ ...first, ranks: { [LOG]: 900 } }).message).toContain('replaced on 2026-06-01');
  });
});

describe('an image installed with --force', () => {
  const forced = commitInstalled(onSecond, first, { now, forced: true });

  it('lowers no floor and moves neither order nor date', () => {
    expect(forced.floors).toEqual(onSecond.floors);
    expect(forced.highest).toEqual(onSecond.highest);
    expect(installedRelease(forced)).toMatchObject({ signed: first.signed, forced: true, supersededAt: now });
    expect(highestRelease(forced)).toMatchObject({ signed: second.signed });
  });

  it('is up to date while it is offered, and gives way to the highest one, which says what it undoes', () => {
    expect(decide(forced, first, {}, true)).toBe('same');
    const { kind, notes } = requireInstallable(forced, second, {});
    expect(kind).toBe('reinstall');
    expect(notes.join()).toContain('--force');
  });

  it('is refused again once the engine has lost it', () => {
    expect(decide(forced, first)).toBe('ROLLBACK_REFUSED');
  });

  it('is superseded when a newer one is installed, below the profile’s floor too', () => {
    const below = commitInstalled(fresh, first, { now, forced: true });
    expect(below.highest).toBeUndefined();
    expect(below.floors).toEqual({});
    const after = install(below, second);
    expect(decide(after, { ...first, ranks: { [LOG]: 900 } })).toBe('ROLLBACK_REFUSED');
    expect(after.releases.filter(({ supersededAt }) => !supersededAt)).toHaveLength(1);
  });
});

describe('commitInstalled', () => {
  it('bad input 96: raises floors only with a complete install', () => {
    const seen = recordSeen(onSecond, { digest: digest('far index'), ranks: { [LOG]: 2 ** 52 } });
    expect(effectiveFloors(seen, {})).toEqual({ [LOG]: 200 });
  });

  it('gives the release that it replaces the date, and keeps an earlier one', () => {
    const later = new Date('2026-07-01T00:00:00Z');
    const third = commitInstalled(onSecond, release('third', 300, '2026-03-01'), { now: later, forced: false });
    expect(third.releases.map(({ supersededAt }) => supersededAt)).toEqual([now, later, undefined]);
  });

  it('keeps a bounded number of releases and of seen digests, the newest ones', () => {
    let ledger = fresh;
    for (let count = 1; count <= 1100; count++) {
      const next = release(`r${count}`, count, undefined, { loggedAt: new Date(count * 1000) });
      ledger = install(
        recordSeen(ledger, {
          digest: next.signed,
          ranks: next.ranks,
          ...(next.loggedAt && { loggedAt: next.loggedAt }),
        }),
        next,
      );
    }
    expect(ledger.releases).toHaveLength(1000);
    expect(Object.keys(ledger.seen)).toHaveLength(1000);
    expect(highestRelease(ledger)?.ranks).toEqual({ [LOG]: 1100 });
    expect(ledger.seen[digest('r100 index')]).toBeUndefined();
  });
});
