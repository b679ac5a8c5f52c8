import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { at, momentsAtTheEngine, requireRecovery, stepsAtTheEngine } from './kill-matrix.ts';
import { namesIn, podmanEngines, requireItRuns, runnableRelease, setMoment } from './podman-engines.ts';
import { createWorld, type World } from './world.ts';

/** When we die in which step, or around which of Podman's calls; `during`: Podman goes on without us. */
const BY_LOAD = [
  ...stepsAtTheEngine,
  ...momentsAtTheEngine,
  'during pull', // of the folder where it was handed over
  'after pull',
  'before rmi',
];
const BY_PULL = [
  'transfer',
  'between-tags',
  'during pull', // what it pulls then has a name that nobody asked for
  'after pull',
  'after tag',
  'after rmi',
];
const MOMENTS: readonly (readonly [words: string, moment: string])[] = [
  ...BY_LOAD.map((moment) => ['upgrade', moment] as const),
  ...BY_PULL.map((moment) => ['upgrade --via pull', moment] as const),
  ...BY_LOAD.map((moment) => ['load-archive', moment] as const),
];
/** Podman does the same for every user: of its rootless kind what differs in files and processes. */
const MOMENTS_OF_OTHERS = MOMENTS.filter(([, moment]) => /first-byte|between-tags|during|after pull/.test(moment));

/** Kills at a moment of ours, or of Podman's, which goes on without us then. */
const dieAt = (world: World, moment: string) => async (words: readonly string[]) => {
  if (!moment.includes(' ')) return at(world, moment)(words);
  await setMoment(world, moment);
  expect((await world.run(words)).code).toBeNull();
  const isDone = async () => (await readdir(world.layout)).includes('podman.done');
  if (moment.startsWith('during')) await expect.poll(isDone).toBe(true);
  await setMoment(world);
};

describe.each(podmanEngines)('acceptance 10: kill matrix on Podman, as $title', (engine) => {
  it.each(engine.prefix?.length ? MOMENTS_OF_OTHERS : MOMENTS)(
    '%s, SIGKILL at %s: one image runs at once, and the next run ends whole',
    async (words, moment) => {
      await using world = await createWorld({}, engine);
      await requireRecovery({
        world,
        words: words.split(' '),
        releases: [runnableRelease(1), runnableRelease(2)],
        die: dieAt(world, moment),
        requireUsable: () => requireItRuns(engine, world, `${world.image}:latest`),
      });
      expect(await namesIn(engine, world)).toEqual([`${world.image}:latest`]);
    },
  );
});

const [rootful] = podmanEngines;
describe.skipIf(!rootful)('what a killed pull leaves', () => {
  it('is cleared also when the tag points back to what is installed', async () => {
    if (!rootful) return;
    await using world = await createWorld({}, rootful);
    world.publish(runnableRelease(1));
    await world.run(['upgrade']);
    world.publish(runnableRelease(2));
    await setMoment(world, 'after pull');
    expect((await world.run(['upgrade', '--via', 'pull'])).code).toBeNull();
    await setMoment(world);
    expect(await namesIn(rootful, world)).toHaveLength(2);

    world.publish(runnableRelease(1));
    expect(await world.run(['upgrade'])).toMatchObject({ code: 0, json: { status: 'up-to-date' } });
    expect(await namesIn(rootful, world)).toEqual([`${world.image}:latest`]);
    expect(await readdir(join(world.folder, 'spool'))).toEqual([]);
  });

  it('and somebody’s own name for an image of the same digest stays', async () => {
    if (!rootful) return;
    await using world = await createWorld({}, rootful);
    const { digest } = world.publish(runnableRelease(1));
    const name = `${world.image}@${digest}`;
    await rootful.podman(world.layout, 'pull', '--quiet', '--tls-verify=false', name);
    await setMoment(world, 'after pull');
    expect((await world.run(['upgrade', '--via', 'pull'])).code).toBeNull();
    await setMoment(world);
    expect((await world.run(['upgrade', '--via', 'pull'])).code).toBe(0);
    expect((await namesIn(rootful, world)).sort()).toEqual([`${world.image}:latest`, name].sort());
  });
});
