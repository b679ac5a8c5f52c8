import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import { digestOf } from '../oci/digest.ts';
import { formatLedger } from './format-ledger.ts';
import { emptyLedger, type Ledger } from './ledger.ts';
import { commitInstalled, recordSeen } from './ledger-changes.ts';
import { parseLedger } from './ledger-schema.ts';
import { effectiveFloors, requireInstallable } from './order.ts';
import type { Release, Sighting } from './release.ts';

const LOGS = ['a'.repeat(64), 'b'.repeat(64)] as const;
const image = 'registry.example.org/team/sandbox';
const start = Date.UTC(2026, 0, 1);

/** A few releases whose signatures are logged again and again: what anybody can do who reads a public log. */
const released = fc.nat({ max: 5 });
const ranks = fc
  .tuple(fc.option(fc.nat({ max: 40 })), fc.option(fc.nat({ max: 40 })))
  .map(([one, other]) => ({ ...(one !== null && { [LOGS[0]]: one }), ...(other !== null && { [LOGS[1]]: other }) }));
const offer = fc.record({ name: released, ranks, byManifest: fc.boolean() }).map(toRelease);
const event = fc.record({ offer, action: fc.constantFrom('upgrade' as const, 'force' as const, 'see' as const) });

function toRelease({
  name,
  ranks: at,
  byManifest,
}: {
  name: number;
  ranks: Record<string, number>;
  byManifest: boolean;
}): Release {
  const digest = (part: string) => digestOf(Buffer.from(`${name} ${part}`));
  // Spread out, so that no two digests have one index by accident: that is a row of its own.
  const spread = Object.fromEntries(
    Object.entries(at).map(([log, index]) => [log, index * 100 + name * 2 + (byManifest ? 1 : 0)]),
  );
  return {
    signed: digest(byManifest ? 'manifest' : 'index'),
    index: digest('index'),
    manifest: digest('manifest'),
    config: digest('config'),
    ...(name % 3 !== 0 && { created: new Date(start + name * 86_400_000) }),
    ranks: spread,
    loggedAt: new Date(start + 30 * 86_400_000),
  };
}

const sightingOf = ({ signed, ranks: at, loggedAt }: Release): Sighting => ({
  digest: signed,
  ranks: at,
  ...(loggedAt && { loggedAt }),
});

function verdict(ledger: Ledger, candidate: Release): string | undefined {
  try {
    return requireInstallable(ledger, candidate, {}, { engineHasIt: false }).kind;
  } catch (error) {
    return codeOf(error);
  }
}

function step(
  ledger: Ledger,
  { offer: candidate, action }: { offer: Release; action: string },
  number: number,
): Ledger {
  const seen = recordSeen(ledger, sightingOf(candidate));
  if (action === 'see') return seen;
  const isAllowed = ['newer', 'reinstall'].includes(verdict(seen, candidate) ?? '');
  if (!isAllowed && action !== 'force') return seen;
  return commitInstalled(seen, candidate, { now: new Date(start + number), forced: !isAllowed });
}

describe('the order of releases, whatever is offered', () => {
  it('never lowers a floor or the highest content date', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        events.reduce((before, next, number) => {
          const after = step(before, next, number);
          for (const [log, floor] of Object.entries(effectiveFloors(before, {}))) {
            expect(after.floors[log]).toBeGreaterThanOrEqual(floor);
          }
          const date = before.highest?.contentDate?.getTime() ?? 0;
          expect(after.highest?.contentDate?.getTime() ?? 0).toBeGreaterThanOrEqual(date);
          return after;
        }, emptyLedger(image));
      }),
    );
  });

  it('never lets a superseded release in again', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), offer, (events, candidate) => {
        const ledger = events.reduce(step, emptyLedger(image));
        const known = ledger.releases.find(({ config }) => config === candidate.config);
        if (known?.supersededAt) expect(verdict(ledger, candidate)).toBe('ROLLBACK_REFUSED');
      }),
    );
  });

  it('leaves one release that is not superseded after every install in order', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        const ledger = events.filter(({ action }) => action !== 'force').reduce(step, emptyLedger(image));
        expect(ledger.releases.filter(({ supersededAt }) => !supersededAt).length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('gives the same verdict in whatever order digests were seen', () => {
    const seen = fc.array(offer, { maxLength: 12 });
    const shuffled = seen.chain((offers) =>
      fc.tuple(fc.constant(offers), fc.shuffledSubarray(offers, { minLength: offers.length })),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 8 }), shuffled, offer, (events, [one, other], candidate) => {
        const base = events.reduce(step, emptyLedger(image));
        const see = (offers: Release[]) => offers.map(sightingOf).reduce(recordSeen, base);
        expect(see(one)).toEqual(see(other));
        expect(verdict(see(one), candidate)).toBe(verdict(see(other), candidate));
      }),
    );
  });

  it('is the same after the ledger was written and read', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 20 }), (events) => {
        const ledger = events.reduce(step, emptyLedger(image));
        const bytes = formatLedger(ledger);
        const read = parseLedger(bytes, image, 'ledger.json');
        expect(read && formatLedger(read)).toEqual(bytes);
        expect(read?.floors).toEqual(ledger.floors);
        expect(read?.highest).toEqual(ledger.highest);
      }),
    );
  });
});
