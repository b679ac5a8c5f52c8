import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { steps } from '@dangerzone-image/core';
import { describe, expect, it } from 'vitest';
import { upgradeKilledAt } from './upgrade-killed-at.ts';
import { createWorld, release } from './world.ts';

describe('acceptance 10: kill matrix (oci-layout)', () => {
  it.each([...steps, 'first-byte-downloaded', 'first-byte', 'between-tags'])(
    'SIGKILL at %s: the old or the new image verifies at once, and the next upgrade ends whole',
    async (moment) => {
      await using world = await createWorld();
      const one = world.publish(release(1));
      await world.run(['upgrade']);
      const two = world.publish(release(2));
      expect(await upgradeKilledAt(world, moment)).toBe('SIGKILL');

      const between = await world.run(['verify-local']);
      expect(between.code).toBe(0);
      expect([one.digest, two.digest]).toContain(between.json.image.digest);
      expect(await world.run(['history', '--verify'])).toMatchObject({ code: 0, json: { status: 'consistent' } });

      expect((await world.run(['upgrade'])).code).toBe(0);
      expect(await world.run(['verify-local'])).toMatchObject({ code: 0, json: { image: { digest: two.digest } } });
      expect(await world.run(['history', '--verify'])).toMatchObject({ code: 0, json: { status: 'consistent' } });
      const index = JSON.parse(await readFile(join(world.layout, 'index.json'), 'utf8'));
      expect(index.manifests).toHaveLength(1);
      expect((await readdir(world.layout)).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
      const state = await readdir(world.state, { recursive: true });
      expect(state.filter((name) => /part|tmp|temp/.test(name))).toEqual([]);
    },
  );

  it('SIGKILL at any step of a first install: the next upgrade installs', async () => {
    await using world = await createWorld();
    const { digest } = world.publish(release(1));
    // Killed at `commit`, the image is there already: later moments belong to the run that finishes it.
    for (const moment of steps.slice(0, steps.indexOf('commit') + 1))
      expect(await upgradeKilledAt(world, moment)).toBe('SIGKILL');
    expect((await world.run(['upgrade'])).code).toBe(0);
    expect(await world.run(['verify-local'])).toMatchObject({ code: 0, json: { image: { digest } } });
  });
});
