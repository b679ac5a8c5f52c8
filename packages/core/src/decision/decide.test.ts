import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Decision, decide, type Order, type Situation } from './decide.ts';

/** Releases are numbers here; below the floor none is allowed. */
const above = (floor: number): Order<number> => ({
  isNewer: (release, than) => release > than,
  allows: (release) => release >= floor,
});

const calm: Situation<number> = { isPinned: false, isUnidentified: false, isDue: false };
type Row = [what: string, situation: Partial<Situation<number>>, decision: Partial<Decision>, floor?: number];

/** acceptance.md, "What to install: the decision table". */
const rows: Row[] = [
  [
    '1: pinned',
    { isPinned: true, updates: 'on', isDue: true, installed: 1, remote: 2, bundled: 3 },
    { row: 1, action: 'nothing' },
  ],
  ['1: pinned, also with nothing there', { isPinned: true, updates: 'on', isDue: true }, { row: 1, action: 'nothing' }],
  [
    '2: an image that nothing identifies',
    { isUnidentified: true, updates: 'on', isDue: true, remote: 2, bundled: 3 },
    { row: 2, action: 'stop', reason: 'unidentified' },
  ],
  ['3: on, due', { updates: 'on', isDue: true, installed: 1, remote: 2 }, { row: 3, action: 'check' }],
  ['3: ask, due', { updates: 'ask', isDue: true }, { row: 3, action: 'check' }],
  ['4: on, remote newer', { updates: 'on', installed: 1, remote: 2 }, { row: 4, action: 'install-remote' }],
  ['4: on, nothing installed', { updates: 'on', remote: 2 }, { row: 4, action: 'install-remote' }],
  [
    '4: on, newer than both',
    { updates: 'on', installed: 1, bundled: 2, remote: 3 },
    { row: 4, action: 'install-remote' },
  ],
  ['4 not: bundled is as new', { updates: 'on', bundled: 2, remote: 2 }, { row: 9, action: 'install-bundled' }],
  ['4 not: below the floor', { updates: 'on', remote: 2 }, { row: 12, action: 'stop' }, 3],
  ['5: ask, not asked', { updates: 'ask', installed: 1, remote: 2 }, { row: 5, action: 'ask' }],
  ['6: ask, yes', { updates: 'ask', installed: 1, remote: 2, consent: 'given' }, { row: 6, action: 'install-remote' }],
  [
    '7: ask, no',
    { updates: 'ask', installed: 1, remote: 2, consent: 'declined' },
    { row: 7, action: 'nothing', reason: 'declined' },
  ],
  [
    '7: ask, no, and the bundled one is newer than the installed',
    { updates: 'ask', installed: 1, bundled: 2, remote: 3, consent: 'declined' },
    { row: 9, action: 'install-bundled' },
  ],
  ['7: ask, no, and nothing is there', { updates: 'ask', remote: 3, consent: 'declined' }, { row: 12, action: 'stop' }],
  [
    '8: on, failed',
    { updates: 'on', installed: 1, bundled: 2, remote: 3, hasFailed: true },
    { row: 8, action: 'nothing', reason: 'install-failed' },
  ],
  [
    '8: yes, failed',
    { updates: 'ask', consent: 'given', installed: 1, remote: 3, hasFailed: true },
    { row: 8, action: 'nothing' },
  ],
  [
    '8: failed, nothing installed',
    { updates: 'on', bundled: 2, remote: 3, hasFailed: true },
    { row: 9, action: 'install-bundled' },
  ],
  ['8: failed, nothing at all', { updates: 'on', remote: 3, hasFailed: true }, { row: 12, action: 'stop' }],
  ['9: bundled newer', { updates: 'off', installed: 1, bundled: 2 }, { row: 9, action: 'install-bundled' }],
  ['9: nothing installed', { bundled: 2 }, { row: 9, action: 'install-bundled' }],
  [
    '9: nothing installed, not asked about updates, and the remote is newer',
    { bundled: 2, remote: 3 },
    { row: 9, action: 'install-bundled' },
  ],
  ['9 not: the floor is above it', { updates: 'off', installed: 1, bundled: 2 }, { row: 15, action: 'nothing' }, 3],
  [
    '10: bundled below the floor, on',
    { updates: 'on', bundled: 2 },
    { row: 10, action: 'stop', reason: 'bundled-below-floor' },
    3,
  ],
  [
    '10: bundled below the floor, ask, by force',
    { updates: 'ask', bundled: 2, force: true },
    { row: 10, action: 'stop' },
    3,
  ],
  [
    '11: bundled below the floor, off',
    { updates: 'off', bundled: 2 },
    { row: 11, action: 'stop', reason: 'bundled-below-floor' },
    3,
  ],
  ['11: the same, by force', { bundled: 2, force: true }, { row: 11, action: 'install-bundled', isForced: true }, 3],
  ['12: nothing at all', {}, { row: 12, action: 'stop', reason: 'no-image' }],
  [
    '12: nothing at all but a known remote, off',
    { updates: 'off', remote: 2 },
    { row: 12, action: 'stop', reason: 'no-image' },
  ],
  [
    '13: off, remote newer',
    { updates: 'off', isDue: true, installed: 1, remote: 2 },
    { row: 13, action: 'nothing', reason: 'updates-off' },
  ],
  ['13: nobody was asked, remote newer', { isDue: true, installed: 1, remote: 2 }, { row: 13, action: 'nothing' }],
  [
    '14: the registry went back',
    { updates: 'on', installed: 3, bundled: 2, remote: 1 },
    { row: 14, action: 'nothing', reason: 'mirror-behind' },
  ],
  [
    '14: the application went back',
    { updates: 'off', installed: 3, bundled: 2 },
    { row: 14, action: 'nothing', reason: 'application-behind' },
  ],
  [
    '14: never back by force',
    { updates: 'off', installed: 3, bundled: 2, force: true },
    { row: 14, action: 'nothing' },
  ],
  [
    '15: all the same',
    { updates: 'on', installed: 2, bundled: 2, remote: 2 },
    { row: 15, action: 'nothing', reason: 'up-to-date' },
  ],
  ['15: nothing else known', { updates: 'off', installed: 2 }, { row: 15, action: 'nothing' }],
];

describe('acceptance 14: the decision table', () => {
  it.each(rows)('row %s', (_, situation, decision, floor = 0) => {
    expect(decide({ ...calm, ...situation }, above(floor))).toMatchObject(decision);
  });
});

const release = fc.option(fc.nat({ max: 4 }), { nil: undefined });
const situations = fc
  .record({
    isPinned: fc.boolean(),
    isUnidentified: fc.boolean(),
    isDue: fc.boolean(),
    updates: fc.constantFrom(undefined, 'off' as const, 'ask' as const, 'on' as const),
    installed: release,
    bundled: release,
    remote: release,
    consent: fc.constantFrom(undefined, 'given' as const, 'declined' as const),
    hasFailed: fc.boolean(),
    force: fc.boolean(),
  })
  .map(
    (all) =>
      Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as unknown as typeof calm,
  );

/** What the decision would put in place. */
function outcome(situation: Situation<number>, { action }: Decision): number | undefined {
  if (action === 'install-remote') return situation.remote;
  return action === 'install-bundled' ? situation.bundled : undefined;
}

const always = (property: (situation: Situation<number>, decision: Decision, floor: number) => void) =>
  fc.assert(
    fc.property(situations, fc.nat({ max: 4 }), (situation, floor) =>
      property(situation, decide(situation, above(floor)), floor),
    ),
    { numRuns: 5000 },
  );

describe('whatever the situation is, the decision', () => {
  it('is one, of the table, and the same each time', () => {
    always((situation, decision, floor) => {
      expect(decision.row).toBeGreaterThanOrEqual(1);
      expect(decision.row).toBeLessThanOrEqual(15);
      expect(decide(situation, above(floor))).toEqual(decision);
    });
  });

  it('names a release that is there', () => {
    always((situation, decision) => {
      if (decision.action.startsWith('install')) expect(outcome(situation, decision)).toBeTypeOf('number');
    });
  });

  it('never goes backwards, and below the floor only by force with nothing installed', () => {
    always((situation, decision, floor) => {
      const installing = outcome(situation, decision);
      if (installing === undefined) return;
      expect(installing).toBeGreaterThan(situation.installed ?? -1);
      if (installing < floor)
        expect({ ...decision, force: situation.force, installed: situation.installed }).toMatchObject({
          isForced: true,
          force: true,
          installed: undefined,
        });
    });
  });

  it('installs what the registry offers only where the user said so, once or now', () => {
    always(({ updates, consent }, { action }) => {
      if (action === 'install-remote')
        expect(updates === 'on' || (updates === 'ask' && consent === 'given')).toBe(true);
    });
  });

  it('asks for no connection when updates are off, or nobody was asked, or while pinned', () => {
    always(({ updates = 'off', isPinned }, { action }) => {
      if (updates === 'off' || isPinned) expect(['nothing', 'stop', 'install-bundled']).toContain(action);
    });
  });

  it('asks for no connection after a no, until a check is due', () => {
    always(({ consent, updates, isDue }, { action }) => {
      if (updates === 'ask' && consent === 'declined' && !isDue)
        expect(['nothing', 'stop', 'install-bundled']).toContain(action);
    });
  });

  it('keeps an installed image usable: it never stops where one is verified', () => {
    always(({ installed, isUnidentified }, { action }) => {
      if (installed !== undefined && !isUnidentified) expect(action).not.toBe('stop');
    });
  });

  it('comes to an end when it is carried out, in five steps at the most', () => {
    always((start, _, floor) => {
      let situation: Situation<number> = start;
      const actions: string[] = [];
      for (let step = 0; step < 6; step++) {
        const decision = decide(situation, above(floor));
        const { action } = decision;
        if (action === 'nothing' || action === 'stop') return;
        actions.push(action);
        if (action === 'check') situation = { ...situation, isDue: false };
        else if (action === 'ask') situation = { ...situation, consent: 'declined' };
        else situation = { ...situation, installed: outcome(situation, decision) as number };
      }
      throw new Error(`no end: ${actions.join(', ')}`);
    });
  });
});
