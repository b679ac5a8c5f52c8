import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { steps } from '@dangerzone-image/core';
import { describe, expect, it } from 'vitest';
import { at, momentsAtTheEngine, requireRecovery, stepsOf } from './kill-matrix.ts';
import { killedAt } from './killed-at.ts';
import { createWorld, release } from './world.ts';

const MOMENTS = [
  ...['first-byte-downloaded', ...stepsOf('upgrade'), ...momentsAtTheEngine].map((moment) => ['upgrade', moment]),
  ...['first-byte-read', ...stepsOf('load-archive'), ...momentsAtTheEngine].map((moment) => ['load-archive', moment]),
] as const;

describe('acceptance 10: kill matrix (oci-layout)', () => {
  it.each(MOMENTS)(
    '%s, SIGKILL at %s: the old or the new image verifies at once, and the next run ends whole',
    async (verb, moment) => {
      await using world = await createWorld();
      await requireRecovery({ world, words: [verb], releases: [release(1), release(2)], die: at(world, moment) });
      const index = JSON.parse(await readFile(join(world.layout, 'index.json'), 'utf8'));
      expect(index.manifests).toHaveLength(1);
      expect((await readdir(world.layout)).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
    },
  );

  it('SIGKILL at any step of a first install: the next upgrade installs', async () => {
    await using world = await createWorld();
    const { digest } = world.publish(release(1));
    // Killed at `commit`, the image is there already: later moments belong to the run that finishes it.
    for (const moment of steps.slice(0, steps.indexOf('commit') + 1))
      expect(await killedAt(world, moment, ['upgrade'])).toBe('SIGKILL');
    expect((await world.run(['upgrade'])).code).toBe(0);
    expect(await world.run(['verify-local'])).toMatchObject({ code: 0, json: { image: { digest } } });
  });
});
