import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { steps } from '@dangerzone-image/core';
import { describe, expect, it } from 'vitest';
import { withoutNetwork } from './network-namespace.ts';
import { upgradeKilledAt } from './upgrade-killed-at.ts';
import { createWorld, type Engine, release, type World } from './world.ts';

const isPodmanHere = spawnSync('podman', ['--version']).status === 0;
if (!isPodmanHere) {
  if (process.env.CI) throw new Error('CI must test against a real Podman, and none answers: apt-get install podman');
  console.warn('skipped: no Podman answers here (podman --version)');
}

const storeOf = (folder: string) => ({ root: join(folder, 'root'), runroot: join(folder, 'run') });

/** The engine’s own words, past everything of ours. */
function podman(folder: string, ...args: readonly string[]): Promise<string> {
  const { root, runroot } = storeOf(folder);
  return new Promise((resolve) =>
    execFile('podman', ['--root', root, '--runroot', runroot, ...args], (_, stdout) => resolve(stdout)),
  );
}

const engine: Engine = {
  name: 'podman',
  options: storeOf,
  async dispose(folder) {
    await podman(folder, 'rmi', '--all', '--force');
    spawnSync('umount', [join(storeOf(folder).root, 'overlay')]);
  },
};

async function namesIn(world: World): Promise<string[]> {
  const rows: { Names: string[] | null }[] = JSON.parse(
    await podman(world.layout, 'images', '--all', '--format', 'json'),
  );
  return rows.flatMap(({ Names }) => Names ?? ['<none>']);
}

describe.skipIf(!isPodmanHere)('on a real Podman', () => {
  it.each(['load', 'pull'])(
    'by %s: release 1, then 2; one image is left, and it verifies without a network',
    async (via) => {
      await using world = await createWorld({}, engine);
      world.publish(release(1));
      expect(await world.run(['upgrade', '--via', via])).toMatchObject({ code: 0, json: { status: 'installed' } });
      const { digest } = world.publish(release(2));
      expect(await world.run(['upgrade', '--via', via])).toMatchObject({ code: 0, json: { status: 'upgraded' } });
      expect(await namesIn(world)).toEqual([`${world.image}:latest`]);
      const offline = { prefix: withoutNetwork ?? [] };
      expect(await world.run(['verify-local'], offline)).toMatchObject({ code: 0, json: { image: { digest } } });
      expect(await world.run(['upgrade'])).toMatchObject({ code: 0, json: { status: 'up-to-date' } });
    },
  );

  it('an image swapped under the same name is refused, and upgrade repairs it', async () => {
    await using world = await createWorld({}, engine);
    world.publish(release(1));
    await world.run(['upgrade']);
    await using other = await createWorld({}, { ...engine, options: () => storeOf(world.layout) });
    other.publish(release(1, 'evil'));
    expect((await other.run(['upgrade'])).code).toBe(0);
    await podman(world.layout, 'tag', `${other.image}:latest`, `${world.image}:latest`);

    expect(await world.run(['verify-local'])).toMatchObject({
      code: 3,
      json: { error: { code: 'IMAGE_NOT_VERIFIED' } },
    });
    expect(await world.run(['upgrade'])).toMatchObject({ code: 0 });
    expect((await world.run(['verify-local'])).code).toBe(0);
    expect(await podman(world.layout, 'images', '--format', '{{.Repository}}')).toContain(other.image);
  });

  it('an unsigned and an older image are refused, and the good one stays', async () => {
    await using world = await createWorld({}, engine);
    world.publish(release(1));
    await world.run(['upgrade']);
    const { digest } = world.publish(release(2));
    await world.run(['upgrade']);
    world.publish(release(1));
    expect((await world.run(['upgrade'])).code).toBe(4);
    expect(await world.run(['verify-local'])).toMatchObject({ code: 0, json: { image: { digest } } });
  });

  it.each([...steps, 'first-byte', 'between-tags'])(
    'SIGKILL at %s: the next upgrade recovers, one image is left',
    async (moment) => {
      await using world = await createWorld({}, engine);
      const one = world.publish(release(1));
      await world.run(['upgrade']);
      const two = world.publish(release(2));
      expect(await upgradeKilledAt(world, moment)).toBe('SIGKILL');
      const between = await world.run(['verify-local']);
      expect(between.code).toBe(0);
      expect([one.digest, two.digest]).toContain(between.json.image.digest);
      expect((await world.run(['upgrade'])).code).toBe(0);
      expect(await world.run(['verify-local'])).toMatchObject({ code: 0, json: { image: { digest: two.digest } } });
      expect(await namesIn(world)).toEqual([`${world.image}:latest`]);
    },
  );
});
