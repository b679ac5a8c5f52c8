import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, type RunningEngine, startEngine } from '../../packages/runtime-docker/src/docker.test-support.ts';
import { podmanEngines, runnableRelease } from './podman-engines.ts';
import { createWorld, release } from './world.ts';

describe.each(podmanEngines)('verify-local --deep on a real Podman, as $title', (engine) => {
  it('names the first layer too, of which nothing comes', async () => {
    await using world = await createWorld({}, engine);
    world.publish(release(1));
    await world.run(['upgrade']);
    const files = await readdir(world.layout, { recursive: true });
    for (const file of files.filter((path) => path.endsWith('/etc/os-release')))
      await writeFile(join(world.layout, file), 'changed');
    expect(await world.run(['verify-local', '--deep'])).toMatchObject({
      code: 3,
      json: { error: { code: 'IMAGE_NOT_VERIFIED', details: { layers: [{ position: 1 }] } } },
    });
  });

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

describe.each(engines)('verify-local --deep on $name', (engine) => {
  // Which of the two there is to see depends on what the store gives back.
  const [onFiles, onBlobs] = engine.store === 'classic' ? [[engine], []] : [[], [engine]];
  let running: RunningEngine;
  beforeAll(async () => {
    running = await startEngine(engine);
  });
  afterAll(() => running?.[Symbol.asyncDispose]());

  const createScene = () =>
    createWorld({}, { name: 'docker', options: () => ({ host: `unix://${running.socket}` }), dispose: running.clean });

  it.each(onFiles)('finds that a file of a layer was changed on disk, and names it', async () => {
    await using world = await createScene();
    world.publish(runnableRelease(1));
    await world.run(['upgrade']);
    const layers = [{ status: 'verified' }, { status: 'verified' }];
    expect(await world.run(['verify-local', '--deep'])).toMatchObject({ code: 0, json: { layers } });
    const data = join(running.folder, 'data');
    const files = (await readdir(data, { recursive: true })).filter((path) => path.endsWith('etc/release'));
    expect(files).not.toEqual([]);
    for (const file of files) await writeFile(join(data, file), 'changed');
    expect((await world.run(['verify-local'])).code).toBe(0);
    expect(await world.run(['verify-local', '--deep'])).toMatchObject({
      code: 3,
      json: { error: { code: 'IMAGE_NOT_VERIFIED', message: expect.stringContaining('etc/release') } },
    });
  });

  it.each(onBlobs)('says that the files which run were not checked', async () => {
    await using world = await createScene();
    world.publish(runnableRelease(1));
    await world.run(['upgrade']);
    const unchecked = { status: 'not-checked', reason: expect.stringContaining('not the files that it runs') };
    expect(await world.run(['verify-local', '--deep'])).toMatchObject({
      code: 0,
      json: { layers: [unchecked, unchecked] },
    });
  });
});
