import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeDue } from './decision-scenario.ts';
import { at, momentsAtTheEngine, requireRecovery, stepsOf } from './kill-matrix.ts';
import { killedAt } from './killed-at.ts';
import { createWorld, release } from './world.ts';

const DECISIONS = ['row 3, check-due: check', 'row 4, remote-newer: install-remote', 'upgraded by row 4'];
/** All that a run of `auto` has, which installs what it finds: before each thing that it writes, and a few more. */
const LOOKS = Array.from({ length: 9 }, (_, index) => `look ${index + 1} at the clock`);

describe('acceptance 10: kill matrix of auto (oci-layout)', () => {
  it.each([...stepsOf('auto'), ...momentsAtTheEngine, ...DECISIONS, ...LOOKS])(
    'SIGKILL at %s: what was decided stays, the journal is sound, and the next run ends as the table says',
    async (moment) => {
      await using world = await createWorld();
      expect((await world.run(['updates', 'on'])).code).toBe(0);
      const preferences = () => readFile(join(world.state, 'preferences.json'), 'utf8');
      const decided = await preferences();
      const { wasInstalled, next } = await requireRecovery({
        world,
        words: ['auto'],
        releases: [release(1), release(2)],
        async die(words) {
          await makeDue(world);
          await at(world, moment)(words);
        },
      });
      expect(next.json).toMatchObject(
        wasInstalled ? { status: 'up-to-date', decision: { row: 15 } } : { status: 'upgraded', decision: { row: 4 } },
      );
      expect(await preferences()).toBe(decided);
    },
  );

  it('leaves out no look at the clock', async () => {
    await using world = await createWorld();
    await world.run(['updates', 'on']);
    world.publish(release(1));
    await world.run(['auto']);
    world.publish(release(2));
    await makeDue(world);
    expect(await killedAt(world, `look ${LOOKS.length + 1} at the clock`, ['auto'])).toBeNull();
  });
});
