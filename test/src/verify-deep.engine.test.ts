import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { podmanEngines, runnableRelease } from './podman-engines.ts';
import { createWorld } from './world.ts';

vi.setConfig({ testTimeout: 180_000 });

describe.each(podmanEngines)('verify-local --deep on a real Podman, as $title', (engine) => {
  it.each(['load', 'pull'])('by %s, finds and names the layer of which a file was changed on disk', async (via) => {
    await using world = await createWorld({}, engine);
    world.publish(runnableRelease(1));
    await world.run(['upgrade', '--via', via]);
    const { code, json } = await world.run(['verify-local', '--deep']);
    const layers = [{ status: 'verified' }, { status: 'verified' }];
    expect({ code, json }).toMatchObject({ code: 0, json: { layers } });

    const files = await readdir(world.layout, { recursive: true });
    const file = files.find((path) => /(?:overlay\/[^/]+\/diff|vfs\/dir\/[^/]+)\/etc\/release$/.test(path));
    if (file === undefined) throw new Error('Podman keeps the files of its layers elsewhere');
    await writeFile(join(world.layout, file), 'changed');
    expect((await world.run(['verify-local'])).code).toBe(0);
    expect(await world.run(['verify-local', '--deep'])).toMatchObject({
      code: 3,
      json: { error: { code: 'IMAGE_NOT_VERIFIED', details: { layers: [{ position: 2 }] } } },
    });
    expect(await readdir(join(world.folder, 'spool'))).toEqual([]);
  });
});
