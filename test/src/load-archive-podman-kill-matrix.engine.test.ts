import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { steps } from '@dangerzone-image/core';
import { describe, expect, it } from 'vitest';
import { writeArchive } from './archives.ts';
import { loadKilledAt } from './load-killed-at.ts';
import { namesIn, podmanEngines, requireItRuns, runnableRelease, setMoment } from './podman-engines.ts';
import { createWorld } from './world.ts';

/** Of our own moments those at which something has happened on an engine; then those of Podman's calls. */
const MOMENTS = [
  ...steps.slice(steps.indexOf('transfer')),
  'first-byte',
  'between-tags',
  'during pull', // of the folder where it was handed over: Podman goes on without us
  'after pull',
  'before rmi',
];
/** Podman does the same for every user: of its rootless kind what differs in files and processes. */
const MOMENTS_OF_OTHERS = ['first-byte', 'during pull', 'after pull'];

describe.each(podmanEngines)('acceptance 10: kill matrix of load-archive on Podman, as $title', (engine) => {
  it.each(engine.prefix?.length ? MOMENTS_OF_OTHERS : MOMENTS)(
    'SIGKILL at %s: one image runs at once, and the next load ends whole',
    async (moment) => {
      await using world = await createWorld({}, engine);
      const [one, two] = [runnableRelease(1), runnableRelease(2)];
      const first = await writeArchive(world, one, { name: 'one.tar' });
      expect((await world.run(['load-archive', first])).code).toBe(0);
      const file = await writeArchive(world, two, { name: 'two.tar' });

      if (moment.includes(' ')) {
        await setMoment(world, moment);
        expect((await world.run(['load-archive', file])).code).toBeNull();
        const isDone = async () => (await readdir(world.layout)).includes('podman.done');
        if (moment.startsWith('during')) await expect.poll(isDone).toBe(true);
        await setMoment(world);
      } else expect(await loadKilledAt(world, moment, file)).toBe('SIGKILL');

      const between = await world.run(['verify-local']);
      expect(between.code).toBe(0);
      expect([one.digest, two.digest]).toContain(between.json.image.digest);
      await requireItRuns(engine, world, `${world.image}:latest`);

      expect((await world.run(['load-archive', file])).code).toBe(0);
      expect(await world.run(['verify-local'])).toMatchObject({ code: 0, json: { image: { digest: two.digest } } });
      expect(await namesIn(engine, world)).toEqual([`${world.image}:latest`]);
      await requireItRuns(engine, world, `${world.image}:latest`);
      expect(await readdir(join(world.folder, 'spool'))).toEqual([]);
      const state = await readdir(world.state, { recursive: true });
      expect(state.filter((name) => /part|tmp|temp/.test(name))).toEqual([]);
    },
  );
});
