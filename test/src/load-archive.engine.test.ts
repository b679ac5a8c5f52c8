import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buildTestArchive, type TestArchiveForm } from '@dangerzone-image/core/testing';
import { describe, expect, it } from 'vitest';
import { writeArchive, writeBytes } from './archives.ts';
import { withoutNetwork } from './network-namespace.ts';
import { namesIn, type PodmanEngine, podmanEngines, requireItRuns, runnableRelease } from './podman-engines.ts';
import { startLoader } from './start-loader.ts';
import { createWorld, type World } from './world.ts';

const CASES = Number(process.env.ARCHIVE_CASES ?? (process.env.CI ? 200 : 20));
const seed = Number(process.env.ARCHIVE_SEED ?? Math.floor(Math.random() * 2 ** 32));

/** What the engine holds besides names: an image without one shows too. */
async function idsIn(engine: PodmanEngine, { layout }: World): Promise<string[]> {
  const { stdout } = await engine.podman(layout, 'images', '--all', '--quiet', '--no-trunc');
  return stdout.split('\n').filter((line) => line !== '');
}

describe.each(podmanEngines)('load-archive into a real Podman, as $title', (engine) => {
  it.each<TestArchiveForm>(['dangerzone', 'ours', 'cosign-save'])(
    'acceptance 4: an archive of the form %s is installed without a network, verifies and runs',
    async (form) => {
      await using world = await createWorld({}, engine);
      const file = await writeArchive(world, runnableRelease(1), { form });
      const offline = { prefix: withoutNetwork ?? [] };
      expect(await world.run(['load-archive', file], offline)).toMatchObject({
        code: 0,
        json: { status: 'installed' },
      });
      expect(await world.run(['verify-local'], offline)).toMatchObject({ code: 0 });
      expect(await namesIn(engine, world)).toEqual([`${world.image}:latest`]);
      await requireItRuns(engine, world, `${world.image}:latest`);
      expect(await world.run(['load-archive', file], offline)).toMatchObject({
        code: 0,
        json: { status: 'up-to-date' },
      });
      expect(await readdir(join(world.folder, 'spool'))).toEqual([]);
    },
  );

  it('acceptance 8: what came as an archive is up to date by the registry, and the reverse', async () => {
    await using world = await createWorld({}, engine);
    world.publish(runnableRelease(1));
    await world.run(['load-archive', await writeArchive(world, runnableRelease(1))]);
    expect(await world.run(['upgrade'])).toMatchObject({ code: 0, json: { status: 'up-to-date' } });
    world.publish(runnableRelease(2));
    await world.run(['upgrade']);
    const two = await writeArchive(world, runnableRelease(2), { form: 'dangerzone' });
    expect(await world.run(['load-archive', two])).toMatchObject({ code: 0, json: { status: 'up-to-date' } });
    expect(await namesIn(engine, world)).toEqual([`${world.image}:latest`]);
    expect(await world.run(['verify-local'])).toMatchObject({ code: 0 });
  });

  it(`acceptance 5 and 6: ${CASES} archives with a changed byte are refused, and the sandbox is kept (seed ${seed})`, async () => {
    await using world = await createWorld({}, engine);
    await world.run(['load-archive', await writeArchive(world, runnableRelease(1))]);
    const before = await idsIn(engine, world);
    const good = buildTestArchive(runnableRelease(2), { signers: [world.signer] });
    // Blobs come first in it, each after a header with its name: all of that is signed, or named.
    const end = good.indexOf('./dangerzone.json');
    await using loader = startLoader(world);
    for (let count = 0; count < CASES; count++) {
      const bytes = Buffer.from(good);
      const at = (Math.imul(seed + count, 2_654_435_761) >>> 0) % end;
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (count % 8));
      const came = await loader.load(await writeBytes(world.folder, 'changed.tar', bytes));
      expect(['DIGEST_MISMATCH', 'ARCHIVE_INVALID'], `byte ${at}`).toContain(came);
    }
    expect(await idsIn(engine, world)).toEqual(before);
    expect(await world.run(['verify-local'])).toMatchObject({ code: 0 });
    await requireItRuns(engine, world, `${world.image}:latest`);
  });
});
