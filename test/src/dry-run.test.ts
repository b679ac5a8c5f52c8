import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { killedAt } from './killed-at.ts';
import { createWorld, release, type World } from './world.ts';

/** Everything below the machine's folder, with times: whatever was touched shows. */
const snapshot = ({ folder }: World) =>
  execFileSync('find', [folder, '-printf', '%P %y %s %T@ %m\n'], { encoding: 'utf8' }).split('\n').sort();

describe('upgrade --dry-run', () => {
  it('says what an upgrade would do, verified to the same end, and changes nothing', async () => {
    await using world = await createWorld();
    const one = world.publish(release(1));
    const before = snapshot(world);
    const first = await world.run(['upgrade', '--dry-run']);
    expect(first).toMatchObject({
      code: 0,
      json: { status: 'installed', dryRun: true, image: { digest: one.digest } },
    });
    expect(snapshot(world)).toEqual(before);

    await world.run(['upgrade']);
    expect(await world.run(['upgrade', '--dry-run'])).toMatchObject({ code: 0, json: { status: 'up-to-date' } });
    const two = world.publish(release(2));
    const installed = snapshot(world);
    expect(await world.run(['upgrade', '--dry-run'])).toMatchObject({
      code: 0,
      json: { status: 'upgraded', image: { digest: two.digest }, previous: { digest: one.digest } },
    });
    expect(snapshot(world)).toEqual(installed);
  });

  it('refuses what an upgrade would refuse', async () => {
    await using world = await createWorld();
    world.publish(release(2));
    await world.run(['upgrade']);
    world.publish(release(1));
    expect(await world.run(['upgrade', '--dry-run'])).toMatchObject({ code: 4 });
    const forced = await world.run(['upgrade', '--dry-run', '--force']);
    expect(forced).toMatchObject({ code: 0, json: { status: 'upgraded', dryRun: true } });
    expect(await world.run(['upgrade'])).toMatchObject({ code: 4 });
  });

  it('leaves to the next upgrade what a killed one left behind', async () => {
    await using world = await createWorld();
    world.publish(release(1));
    await killedAt(world, 'commit', ['upgrade']);
    const before = snapshot(world);
    expect(await world.run(['upgrade', '--dry-run'])).toMatchObject({ code: 0, json: { status: 'up-to-date' } });
    expect(snapshot(world)).toEqual(before);
  });

  it('tells a person so', async () => {
    await using world = await createWorld();
    world.publish(release(1));
    const words = ['upgrade', '--dry-run', '--profile', world.profile, '--state-dir', world.state];
    const runtime = ['--runtime', 'oci-layout', '--runtime-option', `path=${world.layout}`];
    const { stdout } = await world.runBare([...words, ...runtime]);
    expect(stdout).toContain('would install');
    expect(stdout).toContain('Nothing was changed');
  });
});
