import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { steps } from '@dangerzone-image/core';
import { describe, expect, it } from 'vitest';
import {
  namesIn,
  type PodmanEngine,
  podmanEngines,
  requireItRuns,
  runnableRelease,
  setMoment,
} from './podman-engines.ts';
import { upgradeKilledAt } from './upgrade-killed-at.ts';
import { createWorld, type World } from './world.ts';

/** Before these nothing has happened on an engine: with files the whole list is tried. */
const stepsAtTheEngine = steps.slice(steps.indexOf('transfer'));

/** Release 1 is installed, 2 is offered; what died in between leaves one of them, and the next upgrade ends whole. */
async function recovers(engine: PodmanEngine, via: string, die: (world: World) => Promise<void>): Promise<void> {
  await using world = await createWorld({}, engine);
  const one = world.publish(runnableRelease(1));
  expect((await world.run(['upgrade', '--via', via])).code).toBe(0);
  const two = world.publish(runnableRelease(2));
  await die(world);
  await setMoment(world);

  const between = await world.run(['verify-local']);
  expect(between.code).toBe(0);
  expect([one.digest, two.digest]).toContain(between.json.image.digest);
  await requireItRuns(engine, world, `${world.image}:latest`);

  expect((await world.run(['upgrade', '--via', via])).code).toBe(0);
  expect(await world.run(['verify-local'])).toMatchObject({ code: 0, json: { image: { digest: two.digest } } });
  expect(await namesIn(engine, world)).toEqual([`${world.image}:latest`]);
  await requireItRuns(engine, world, `${world.image}:latest`);
  expect(await readdir(join(world.folder, 'spool'))).toEqual([]);
  const state = await readdir(world.state, { recursive: true });
  expect(state.filter((name) => /part|tmp|temp|downloads/.test(name))).toEqual([]);
}

/** When we die in which step, or around which of Podman's calls; `during`: Podman goes on without us. */
const MOMENTS: readonly (readonly [via: string, moment: string])[] = [
  ...stepsAtTheEngine.map((step) => ['load', step] as const),
  ['load', 'first-byte'],
  ['load', 'between-tags'],
  ['load', 'during pull'], // of the folder where it was handed over
  ['load', 'after pull'],
  ['load', 'before rmi'],
  ['pull', 'transfer'],
  ['pull', 'between-tags'],
  ['pull', 'during pull'], // what it pulls then has a name that nobody asked for
  ['pull', 'after pull'],
  ['pull', 'after tag'],
  ['pull', 'after rmi'],
];
/** Podman does the same for every user: of its rootless kind what differs in files and processes. */
const MOMENTS_OF_OTHERS = MOMENTS.filter(([, moment]) => /first-byte|between-tags|during|after pull/.test(moment));

describe.each(podmanEngines)('acceptance 10: kill matrix on Podman, as $title', (engine) => {
  it.each(engine.prefix?.length ? MOMENTS_OF_OTHERS : MOMENTS)(
    'by %s, SIGKILL at %s: one image runs at once, and the next upgrade ends whole',
    (via, moment) =>
      recovers(engine, via, async (world) => {
        if (!moment.includes(' ')) {
          expect(await upgradeKilledAt(world, moment, via)).toBe('SIGKILL');
          return;
        }
        await setMoment(world, moment);
        expect((await world.run(['upgrade', '--via', via])).code).toBeNull();
        const isDone = async () => (await readdir(world.layout)).includes('podman.done');
        if (moment.startsWith('during')) await expect.poll(isDone).toBe(true);
      }),
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
