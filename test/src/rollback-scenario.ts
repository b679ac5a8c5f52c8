import type { TestImage } from '@dangerzone-image/core/testing';
import { expect } from 'vitest';
import { writeArchive } from './archives.ts';
import type { World } from './world.ts';

/** Acceptance 7 on one machine: by an archive and by the registry, refused, then forced, then undone. */
export async function playRollback(world: World, release: (month: number) => TestImage): Promise<void> {
  const one = world.publish(release(1));
  await world.run(['upgrade']);
  const two = world.publish(release(2));
  await world.run(['upgrade']);
  const { floor } = (await world.run(['status'])).json;

  world.publish(release(1));
  const older = await writeArchive(world, release(1), { name: 'older.tar' });
  for (const words of [['upgrade'], ['load-archive', older]]) {
    const refused = await world.run(words);
    expect(refused, words[0]).toMatchObject({ code: 4, json: { error: { code: 'ROLLBACK_REFUSED' } } });
    expect(await world.run(['verify-local'])).toMatchObject({ code: 0, json: { image: { digest: two.digest } } });
  }

  const forced = await world.run(['load-archive', older, '--force']);
  expect(forced).toMatchObject({ code: 0, json: { status: 'upgraded', previous: { digest: two.digest } } });
  expect(forced.stderr).toContain('--force');
  const { json } = await world.run(['status']);
  expect(json).toMatchObject({ status: 'verified', floor });
  expect(json.notices.join()).toContain('--force');
  const history = JSON.parse((await world.run(['history', '--verify'])).stdout);
  expect(history).toMatchObject({ status: 'consistent' });
  expect(history.records).toContainEqual(expect.objectContaining({ event: 'installed', forced: true }));

  world.publish(release(2));
  const undone = await world.run(['upgrade']);
  expect(undone).toMatchObject({ code: 0, json: { image: { digest: two.digest } } });
  expect(undone.stderr).toMatch(/replaces sha256:[0-9a-f]{64}, an older image that was installed with --force/);
  expect(one.digest).not.toBe(two.digest);
}
