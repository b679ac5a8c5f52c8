import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Step, steps } from '@dangerzone-image/core';
import { describe, expect, it } from 'vitest';
import { writeArchive } from './archives.ts';
import { loadKilledAt } from './load-killed-at.ts';
import { createWorld, release } from './world.ts';

/** An archive is asked for no tag, and nothing of it is downloaded. */
const online: readonly Step[] = ['resolve', 'download'];
const moments = [...steps.filter((step) => !online.includes(step)), 'first-byte-read', 'first-byte', 'between-tags'];

describe('acceptance 10: kill matrix of load-archive (oci-layout)', () => {
  it.each(moments)(
    'SIGKILL at %s: the old or the new image verifies at once, and the next load ends whole',
    async (moment) => {
      await using world = await createWorld();
      const [one, two] = [release(1), release(2)];
      await world.run(['load-archive', await writeArchive(world, one, { name: 'one.tar' })]);
      const file = await writeArchive(world, two, { name: 'two.tar' });
      expect(await loadKilledAt(world, moment, file)).toBe('SIGKILL');

      const between = await world.run(['verify-local']);
      expect(between.code).toBe(0);
      expect([one.digest, two.digest]).toContain(between.json.image.digest);

      expect((await world.run(['load-archive', file])).code).toBe(0);
      expect(await world.run(['verify-local'])).toMatchObject({ code: 0, json: { image: { digest: two.digest } } });
      const index = JSON.parse(await readFile(join(world.layout, 'index.json'), 'utf8'));
      expect(index.manifests).toHaveLength(1);
      expect((await readdir(world.layout)).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
      const state = await readdir(world.state, { recursive: true });
      expect(state.filter((name) => /part|tmp|temp/.test(name))).toEqual([]);
    },
  );
});
