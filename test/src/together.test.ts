import { describe, expect, it } from 'vitest';
import { createWorld, release } from './world.ts';

describe('two at once', () => {
  it('bad input 161: two upgrades end with one image, and the one that waits says for whom', async () => {
    let waiting: (() => void) | undefined;
    const held = new Promise<void>((resolve) => {
      waiting = resolve;
    });
    // The first upgrade is held in its first blob until the second has said that it waits.
    let isFirst = true;
    await using world = await createWorld({
      async fault({ path }) {
        if (path.includes('/blobs/') && isFirst) {
          isFirst = false;
          await held;
        }
        return undefined;
      },
    });
    world.publish(release(1));
    const first = world.run(['upgrade']);
    await expect.poll(() => isFirst).toBe(false);
    const second = await world.run(['upgrade', '--lock-timeout', '1']);
    expect(second).toMatchObject({ code: 8, json: { error: { code: 'STATE_BUSY' } } });
    expect(second.json.error.message).toMatch(/upgrade/);
    waiting?.();
    expect((await first).code).toBe(0);
    expect(await world.run(['upgrade'])).toMatchObject({ code: 0, json: { status: 'up-to-date' } });
  });
});
