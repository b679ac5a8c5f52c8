import { join } from 'node:path';
import {
  buildTestArchive,
  publishTestImage,
  type TestMember,
  testArchiveMembers,
  testTar,
} from '@dangerzone-image/core/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type RunningEngine, startEngine } from '../../packages/runtime-docker/src/docker.test-support.ts';
import { writeArchive, writeBytes } from './archives.ts';
import { badArchives, namedAsInstalled, unsigned } from './bad-archives.ts';
import { createDockerWorld, engineOfEachStore, namesIn } from './docker-engines.ts';
import { withoutNetwork } from './network-namespace.ts';
import { startLoader } from './start-loader.ts';
import { release, type World } from './world.ts';

vi.setConfig({ testTimeout: 600_000 });

const CASES = Number(process.env.ARCHIVE_CASES ?? (process.env.CI ? 200 : 20));
const seed = Number(process.env.ARCHIVE_SEED ?? Math.floor(Math.random() * 2 ** 32));

/** As another machine of the same publisher's users writes it. */
async function prepare(world: World, name: string): Promise<string> {
  const output = join(world.folder, name);
  const words = ['--output', output, '--profile', world.profile, '--state-dir', join(world.folder, 'connected')];
  expect(await world.runBare(['prepare-archive', ...words])).toMatchObject({ code: 0 });
  return output;
}

/** What the engine itself says that it has: under the name, and besides. */
async function heldBy(running: RunningEngine, { image }: World) {
  const { body } = await running.ask('GET', `/images/${image}:latest/json`);
  const { Id, RootFS } = body as { Id: string; RootFS: { Layers: string[] } };
  return { names: await namesIn(running), id: Id, layers: RootFS?.Layers };
}

/** A change that a copy, a disk or an attacker makes. */
const CHANGES: readonly ((bytes: Buffer, at: number) => Buffer)[] = [
  (bytes, at) => {
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
    return bytes;
  },
  (bytes, at) => bytes.subarray(0, at),
  (bytes, at) => Buffer.concat([bytes.subarray(0, at - (at % 512)), bytes.subarray(at - (at % 512) + 512)]),
  (bytes, at) => bytes.fill(0, at - (at % 512), at - (at % 512) + 512),
];

describe.each(engineOfEachStore)('load-archive into a real Docker: $name', (engine) => {
  let running: RunningEngine;
  beforeAll(async () => {
    running = await startEngine(engine);
  });
  afterAll(() => running?.[Symbol.asyncDispose]());

  it.each([
    ['each of its manifests is signed', true],
    ['only the index is signed', false],
  ])(
    'acceptance 4 and 8: what prepare-archive wrote is one image by archive and registry, where %s',
    async (_title, signPlatforms) => {
      await using world = await createDockerWorld(running);
      const publish = (month: number) =>
        publishTestImage(world.registry, 'team/sandbox', release(month), { signers: [world.signer], signPlatforms });
      const offline = { prefix: withoutNetwork ?? [] };
      const upToDate = { code: 0, json: { status: 'up-to-date' } };
      publish(1);
      const one = await prepare(world, 'one.tar');
      expect(await world.run(['load-archive', one], offline)).toMatchObject({ code: 0, json: { status: 'installed' } });
      expect(await world.run(['verify-local'], offline)).toMatchObject({ code: 0 });
      const held = await heldBy(running, world);
      expect(held.names).toEqual([`${world.image}:latest`]);
      expect(await world.run(['load-archive', one], offline)).toMatchObject(upToDate);
      expect(await world.run(['upgrade'])).toMatchObject(upToDate);
      expect(await heldBy(running, world)).toEqual(held);

      publish(2);
      expect(await world.run(['upgrade'])).toMatchObject({ code: 0, json: { status: 'upgraded' } });
      expect(await world.run(['load-archive', await prepare(world, 'two.tar')], offline)).toMatchObject(upToDate);
      expect(await namesIn(running)).toEqual([`${world.image}:latest`]);
      expect(await world.run(['verify-local'], offline)).toMatchObject({ code: 0 });
    },
  );

  it('acceptance 7, bad input 149: an older archive is refused, and --force installs it', async () => {
    await using world = await createDockerWorld(running);
    const older = await writeArchive(world, release(1), { name: 'older.tar', form: 'dangerzone' });
    await world.run(['load-archive', await writeArchive(world, release(2), { form: 'cosign-save' })]);
    const held = await heldBy(running, world);
    expect(await world.run(['load-archive', older])).toMatchObject({
      code: 4,
      json: { error: { code: 'ROLLBACK_REFUSED' } },
    });
    expect(await heldBy(running, world)).toEqual(held);
    expect(await world.run(['load-archive', older, '--force'])).toMatchObject({
      code: 0,
      json: { status: 'upgraded' },
    });
    expect(await namesIn(running)).toEqual([`${world.image}:latest`]);
    expect((await heldBy(running, world)).id).not.toBe(held.id);
    expect(await world.run(['verify-local'])).toMatchObject({ code: 0 });
  });

  it('acceptance 6: a bad archive that names itself as the sandbox keeps the sandbox', async () => {
    await using world = await createDockerWorld(running);
    const load = async (members: readonly TestMember[]) => {
      const bytes = testTar(namedAsInstalled(members, world.image));
      return { bytes, ...(await world.run(['load-archive', await writeBytes(world.folder, 'named.tar', bytes)])) };
    };
    const good = await load(testArchiveMembers(release(1), { signers: [world.signer] }));
    expect(good).toMatchObject({ code: 0, json: { status: 'installed' } });
    const held = await heldBy(running, world);
    expect(held.names).toEqual([`${world.image}:latest`]);
    for (const { title, code, members } of badArchives) {
      const { json } = await load(members(world));
      expect.soft(json.error?.code, title).toBe(code);
      expect(await heldBy(running, world), title).toEqual(held);
    }
    expect(await world.run(['verify-local'])).toMatchObject({ code: 0 });

    // The engine itself takes such a one, under this name: it is we who keep it out.
    const { bytes } = await load(unsigned(release(2)));
    expect(await running.ask('POST', '/images/load', bytes)).toMatchObject({ status: 200 });
    expect((await heldBy(running, world)).layers).not.toEqual(held.layers);
    expect(await world.run(['verify-local'])).toMatchObject({
      code: 3,
      json: { error: { code: 'IMAGE_NOT_VERIFIED' } },
    });
  });

  it(`acceptance 5, bad input 153: ${CASES} changed archives are refused, or bring the signed image (seed ${seed})`, async () => {
    await using world = await createDockerWorld(running);
    const good = buildTestArchive(release(2), { signers: [world.signer] });
    await world.run(['load-archive', await writeBytes(world.folder, 'good.tar', good)]);
    const verified = await heldBy(running, world);
    const older = await writeArchive(world, release(1), { name: 'older.tar' });
    await world.run(['load-archive', older, '--force']);
    const before = await heldBy(running, world);
    expect(before.id).not.toBe(verified.id);
    await using loader = startLoader(world);
    const load = async (bytes: Buffer, which: string) => {
      const came = await loader.load(await writeBytes(world.folder, 'changed.tar', bytes));
      expect(await heldBy(running, world), which).toEqual(came === 'loaded' ? verified : before);
      if (came === 'loaded') await world.run(['load-archive', older, '--force']);
      else expect(['DIGEST_MISMATCH', 'ARCHIVE_INVALID'], which).toContain(came);
      return came;
    };
    // Nobody signs this name, and nothing goes by it: one that surely comes in.
    const renamed = Buffer.from(good);
    renamed.write('localhost/another1', good.indexOf('localhost/anything'));
    expect(await load(renamed, 'another name')).toBe('loaded');
    for (let count = 0; count < CASES; count++) {
      const at = (Math.imul(seed + count, 2_654_435_761) >>> 0) % good.length;
      const kind = count % CHANGES.length;
      await load(CHANGES[kind]?.(Buffer.from(good), at) ?? good, `change ${kind} at byte ${at}`);
    }
    expect(await heldBy(running, world)).toEqual(before);
    expect(await world.run(['verify-local'])).toMatchObject({ code: 0 });
  });
});
