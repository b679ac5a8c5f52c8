import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTestSigner, publishTestImage } from '@dangerzone-image/core/testing';
import { describe, expect, it } from 'vitest';
import { writeArchive } from './archives.ts';
import { killedAt } from './killed-at.ts';
import { createWorld, release, type World } from './world.ts';

interface Records {
  readonly status: string;
  readonly records: readonly { readonly event: string; readonly verb: string; readonly code?: string }[];
  readonly problems: readonly string[];
}

async function historyOf(world: World, ...flags: readonly string[]) {
  const { code, stdout } = await world.run(['history', ...flags]);
  return { code, ...(JSON.parse(stdout) as Records) };
}

describe('history', () => {
  it('tells what was checked, installed and refused, and why, without an engine or a network', async () => {
    await using world = await createWorld();
    const one = world.publish(release(1));
    await world.run(['upgrade']);
    const two = world.publish(release(2));
    await world.run(['check']);
    await world.run(['upgrade']);
    await world.run(['load-archive', await writeArchive(world, release(1))]);
    publishTestImage(world.registry, 'team/sandbox', release(3), {
      signers: [createTestSigner({ image: world.image })],
    });
    await world.run(['upgrade']);
    await world.registry.close();
    const { code, status, records } = await historyOf(world);
    expect({ code, status }).toEqual({ code: 0, status: 'consistent' });
    expect(records).toMatchObject([
      { number: 1, verb: 'upgrade', event: 'checked', image: one.digest },
      { number: 2, verb: 'upgrade', event: 'installed', image: one.digest },
      { number: 3, verb: 'check', event: 'checked', image: two.digest },
      { number: 4, verb: 'upgrade', event: 'checked', image: two.digest },
      { number: 5, verb: 'upgrade', event: 'installed', image: two.digest, before: one.digest },
      { number: 6, verb: 'load-archive', event: 'refused', code: 'ROLLBACK_REFUSED' },
      { number: 7, verb: 'upgrade', event: 'checked' },
      { number: 8, verb: 'upgrade', event: 'refused', code: 'SIGNATURE_FOREIGN' },
    ]);
    const bare = await world.runBare(['history', '--profile', world.profile, '--state-dir', world.state]);
    expect(bare.stdout.split('\n').slice(0, 2).join('\n')).toContain(`installed ${one.digest}`);
  });

  it('an archive that is refused before the state is needed is recorded too', async () => {
    await using world = await createWorld();
    world.publish(release(1));
    await world.run(['upgrade']);
    const signers = [createTestSigner({ image: world.image })];
    const file = await writeArchive(world, release(2), { signers });
    expect((await world.run(['load-archive', file])).code).toBe(3);
    expect((await historyOf(world)).records.at(-1)).toMatchObject({ event: 'refused', code: 'SIGNATURE_FOREIGN' });
  });

  it('--verify exits with 8 when a byte was changed, and says where; an upgrade goes on all the same', async () => {
    await using world = await createWorld();
    world.publish(release(1));
    await world.run(['upgrade']);
    expect(await historyOf(world, '--verify')).toMatchObject({ code: 0, status: 'consistent' });
    const [name = ''] = await readdir(join(world.state, 'journal'));
    const file = join(world.state, 'journal', name);
    await writeFile(file, (await readFile(file, 'utf8')).replace('"verb":"upgrade"', '"verb":"upGrade"'));
    expect(await historyOf(world)).toMatchObject({ code: 0, status: 'damaged' });
    expect(await historyOf(world, '--verify')).toMatchObject({ code: 8, problems: [expect.stringContaining(name)] });
    world.publish(release(2));
    expect((await world.run(['upgrade'])).code).toBe(0);
    expect(await historyOf(world, '--verify')).toMatchObject({ code: 8 });
  });

  it.each(['store-evidence', 'tag', 'commit', 'write-log-index'])(
    'killed at %s, the record is consistent, and tells of the release once it is installed',
    async (moment) => {
      await using world = await createWorld();
      world.publish(release(1));
      await world.run(['upgrade']);
      const two = world.publish(release(2));
      expect(await killedAt(world, moment, ['upgrade'])).toBe('SIGKILL');
      expect(await historyOf(world, '--verify')).toMatchObject({ code: 0 });
      await world.run(['upgrade']);
      const { code, records } = await historyOf(world, '--verify');
      expect(code).toBe(0);
      expect(records).toContainEqual(expect.objectContaining({ event: 'installed', image: two.digest }));
    },
  );

  it('outlives a reset, which is not the end of the record', async () => {
    await using world = await createWorld();
    world.publish(release(1));
    await world.run(['upgrade']);
    await world.runBare(['state', 'reset', '--yes', '--profile', world.profile, '--state-dir', world.state]);
    expect(await historyOf(world, '--verify')).toMatchObject({ code: 0, status: 'consistent' });
    await world.run(['upgrade']);
    const { records } = await historyOf(world);
    expect(records.map(({ event }) => event)).toEqual(['checked', 'installed', 'checked', 'installed']);
  });
});
