import { rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { breakableRegistry, decisions, playDecisions } from './decision-scenario.ts';
import { playRollback } from './rollback-scenario.ts';
import { createWorld, release } from './world.ts';

// A test here is some fifty runs of the CLI.
it('acceptance 14: the decision table, row by row, and no connection but where a row says so (oci-layout)', async () => {
  const { fault, setBroken } = breakableRegistry(release(4));
  await using world = await createWorld({ fault });
  const loseImage = () => rm(world.layout, { recursive: true });
  expect(await playDecisions({ world, release, loseImage, setBroken })).toEqual(decisions);
  expect(await world.run(['history', '--verify'])).toMatchObject({ code: 0 });
});

it('acceptance 7: an older image is refused by archive and by registry, forced, and undone (oci-layout)', async () => {
  await using world = await createWorld();
  await playRollback(world, release);
});
