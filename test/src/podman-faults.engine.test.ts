import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { buildTestImage, publishTestImage, startTestRegistry } from '@dangerzone-image/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { interrupted } from './interrupted.ts';
import { namesIn, type PodmanEngine, podmanEngines, runnableRelease, setMoment } from './podman-engines.ts';
import { createWorld, type World } from './world.ts';

const ROADS = ['load', 'pull'];

/** Release 1 is installed; whatever then fails, it is as it was. */
async function installFirst(engine: PodmanEngine, options: Parameters<typeof createWorld>[0] = {}) {
  const world = await createWorld(options, engine);
  onTestFinished(() => world[Symbol.asyncDispose]());
  const { digest } = world.publish(runnableRelease(1));
  expect((await world.run(['upgrade'])).code).toBe(0);
  const requireUnchanged = async () => {
    expect(await world.run(['verify-local'])).toMatchObject({ code: 0, json: { image: { digest } } });
    expect(await namesIn(engine, world)).toEqual([`${world.image}:latest`]);
  };
  return { world, requireUnchanged };
}

describe.each(podmanEngines)('on Podman, as $title', (engine) => {
  const roads = engine.prefix?.length ? ['pull'] : ROADS; // a load is ours, and the same for every user

  it.each(roads)('bad input 177: by %s, a registry that cuts every layer: the old image is as it was', async (via) => {
    let isCutting = false;
    const fault = ({ path }: { path: string }) =>
      isCutting && path.includes('/blobs/') ? { resetAfter: 10 } : undefined;
    const { world, requireUnchanged } = await installFirst(engine, { fault });
    world.publish(runnableRelease(2));
    isCutting = true;
    expect([5, 6]).toContain((await world.run(['upgrade', '--via', via])).code);
    await requireUnchanged();
    isCutting = false;
    expect(await world.run(['upgrade', '--via', via])).toMatchObject({ code: 0, json: { status: 'upgraded' } });
  });

  it.each(roads)('bad input 186: by %s, Ctrl-C while Podman hangs: answered at once, and it is gone', async (via) => {
    const { world, requireUnchanged } = await installFirst(engine);
    world.publish(runnableRelease(2));
    await setMoment(world, 'hang pull');
    const hung = () => readFile(join(world.layout, 'podman.hung'), 'utf8').catch(() => '');
    await interrupted(
      (options) => world.run(['upgrade', '--via', via], options),
      () => expect.poll(hung).toMatch(/\n$/),
    );
    const pid = Number(await hung());
    await expect.poll(() => isAlive(pid)).toBe(false);
    await setMoment(world);
    await requireUnchanged();
    await ageNotes(world);
    expect((await world.run(['upgrade', '--via', via])).code).toBe(0);
    expect(await readdir(join(world.folder, 'spool'))).toEqual([]);
  });

  it.each(roads)('acceptance 11: by %s, Ctrl-C while the registry says nothing: answered at once', async (via) => {
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    let isStalling = false;
    const fault = ({ path }: { path: string }) => {
      if (!isStalling || !path.includes('/blobs/')) return undefined;
      resolve();
      return { stallAfter: 10 };
    };
    const { world, requireUnchanged } = await installFirst(engine, { fault });
    world.publish(runnableRelease(2));
    isStalling = true;
    await interrupted(
      (options) => world.run(['upgrade', '--via', via], options),
      () => asked,
    );
    await requireUnchanged();
  });
});

/** On a busy machine the answer is there before all is cleared, and what was noted is followed for an hour: that is over. */
async function ageNotes({ folder }: World): Promise<void> {
  const spool = join(folder, 'spool');
  const notes = (await readdir(spool, { recursive: true })).filter((path) => basename(path) === 'pulled');
  for (const note of notes) await utimes(join(spool, note), 0, 0);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const [rootful] = podmanEngines;
describe.skipIf(!rootful)('on Podman', () => {
  const engine = rootful as PodmanEngine;

  it.skipIf(process.getuid?.() !== 0).each(ROADS)(
    'bad input 177: by %s, its disk full half-way: the old image is as it was',
    async (via) => {
      const { world, requireUnchanged } = await installOnSmallDisk();
      publishLarge(world, Buffer.alloc(64 * MIB)); // a few kilobytes on its way
      const outcome = await world.run(['upgrade', '--via', via]);
      expect(outcome).toMatchObject({ code: 6, json: { error: { code: 'RUNTIME_FAILED' } } });
      await requireUnchanged();
    },
  );

  it.skipIf(process.getuid?.() !== 0)(
    'acceptance 11: a disk that is too small is told of before the download',
    async () => {
      const { world, requireUnchanged } = await installOnSmallDisk();
      publishLarge(world, randomBytes(48 * MIB));
      world.registry.requests.length = 0;
      const { code, json } = await world.run(['upgrade', '--via', 'pull']);
      expect({ code, error: json.error.code }).toEqual({ code: 6, error: 'DISK_FULL' });
      expect(Number(json.error.details.needed)).toBeGreaterThan(Number(json.error.details.free));
      const layers = world.registry.requests.filter((line) => line.includes('/blobs/'));
      expect(layers.length).toBeLessThanOrEqual(2); // the configuration and the signature, no layer
      await requireUnchanged();
    },
  );

  const MIB = 1024 * 1024;
  async function installOnSmallDisk() {
    const small: PodmanEngine = {
      ...engine,
      async prepare(folder) {
        await engine.prepare?.(folder);
        await mkdir(join(folder, 'images', 'root'));
        spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', join(folder, 'images', 'root')]);
      },
      async dispose(layout) {
        await engine.dispose?.(layout);
        spawnSync('umount', ['--recursive', join(layout, 'root')]);
      },
    };
    return installFirst(small);
  }

  function publishLarge(world: World, content: Uint8Array): void {
    world.publish(buildTestImage({ created: '2026-03-01T00:00:00Z', layers: [{ 'var/large': content }] }));
  }

  it.each([
    ['that has another image under the tag, and this one too', 'right', 0],
    ['that has not this image', 'missing', 6],
    ['that has other bytes for it', 'wrong', 6],
  ])('bad input 174: registries.conf sends the pull to a registry %s', async (_, what, code) => {
    await using world = await createWorld({}, engine);
    const image = runnableRelease(1);
    const { digest } = world.publish(image);
    const wrong = runnableRelease(1, 'evil');
    const fault = ({ path }: { path: string }) =>
      what === 'wrong' && path.includes('/manifests/sha256:') ? { body: wrong.index.bytes } : undefined;
    await using elsewhere = await startTestRegistry({ fault });
    if (what !== 'missing') publishTestImage(elsewhere, 'team/sandbox', image);
    publishTestImage(elsewhere, 'team/sandbox', wrong);
    const conf = join(world.folder, 'registries.conf');
    const [prefix, location] = [world.image, `${elsewhere.host}/team/sandbox`];
    await writeFile(conf, `[[registry]]\nprefix = "${prefix}"\nlocation = "${location}"\ninsecure = true\n`);

    const env = { CONTAINERS_REGISTRIES_CONF: conf };
    expect((await world.run(['upgrade', '--via', 'pull'], { env })).code).toBe(code);
    expect(elsewhere.requests.filter((line) => line.includes('/manifests/'))).not.toEqual([]);
    expect(await namesIn(engine, world)).toEqual(code === 0 ? [`${world.image}:latest`] : []);
    if (code === 0) expect((await world.run(['verify-local'])).json.image.digest).toBe(digest);
  });

  it('bad input 179: an image that another store has is not here, and the error names the store', async () => {
    await using world = await createWorld({}, engine);
    const { message } = (await world.run(['verify-local'])).json.error;
    expect(message).toContain(join(world.layout, 'root'));
  });

  it('bad input 173: a store of this machine beside CONTAINER_HOST is a wrong use, before anything is asked', async () => {
    await using world = await createWorld({}, engine);
    world.publish(runnableRelease(1));
    const outcome = await world.run(['upgrade'], { env: { CONTAINER_HOST: 'unix:///nonexistent/podman.sock' } });
    expect(outcome).toMatchObject({ code: 2, json: { error: { code: 'USAGE' } } });
    expect(outcome.json.error.suggestions.join()).toContain('CONTAINER_HOST');
    expect(world.registry.requests).toEqual([]);
  });
});
