import { appendFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildTestArchive, testTar } from '@dangerzone-image/core/testing';
import { describe, expect, it } from 'vitest';
import { writeArchive, writeBytes } from './archives.ts';
import { badArchives, namedAsInstalled } from './bad-archives.ts';
import { withoutNetwork } from './network-namespace.ts';
import { createWorld, release, type World } from './world.ts';

async function bundle(world: World, bytes: Uint8Array): Promise<void> {
  await writeBytes(world.folder, 'bundled.tar', bytes);
  await world.writeProfile({ bundledArchive: 'bundled.tar' });
}

const good = ({ signer }: World, month: number) => buildTestArchive(release(month), { signers: [signer] });
const isThere = (folder: string) =>
  readdir(folder).then(
    (names) => names.length > 0,
    () => false,
  );

describe('an archive that comes with the application', () => {
  it('is installed and verified without a network', async () => {
    await using world = await createWorld();
    await bundle(world, good(world, 1));
    const offline = { prefix: withoutNetwork ?? [] };
    expect(await world.run(['auto'], offline)).toMatchObject({ code: 0, json: { status: 'installed' } });
    expect(await world.run(['verify-local'], offline)).toMatchObject({ code: 0 });
    expect(await world.run(['auto'], offline)).toMatchObject({ code: 0, json: { status: 'up-to-date' } });
    expect(world.registry.requests).toEqual([]);
  });

  it('acceptance 5: is refused as any other, nothing is installed, and why is told and recorded', async () => {
    await using world = await createWorld();
    for (const { title, code, members } of badArchives) {
      await bundle(world, testTar(namedAsInstalled(members(world), world.image)));
      const { code: exit, json, stderr } = await world.run(['auto']);
      expect.soft({ exit, code: json.error?.code }, title).toEqual({ exit: 6, code: 'IMAGE_NOT_INSTALLED' });
      expect.soft(stderr, title).toContain('The bundled archive is not used');
      expect.soft(await isThere(join(world.layout, 'blobs')), title).toBe(false);
      const { records } = JSON.parse((await world.run(['history'])).stdout);
      expect.soft(records, title).toContainEqual(expect.objectContaining({ event: 'refused', code }));
    }
  });

  it('acceptance 6: that is bad keeps the image that is there, and the exit code is 0', async () => {
    await using world = await createWorld();
    await bundle(world, good(world, 1));
    await world.run(['auto']);
    const before = (await world.run(['verify-local'])).json.image;
    for (const { title, members } of badArchives) {
      await bundle(world, testTar(namedAsInstalled(members(world), world.image)));
      expect.soft(await world.run(['auto']), title).toMatchObject({ code: 0, json: { status: 'up-to-date' } });
    }
    await rm(join(world.folder, 'bundled.tar'));
    const missing = await world.run(['auto']);
    expect(missing).toMatchObject({ code: 0, json: { status: 'up-to-date' } });
    expect(missing.stderr).toContain('no such file');
    expect((await world.run(['verify-local'])).json.image).toEqual(before);
  });

  it('that fails is no end: what the registry has is installed, where that was decided', async () => {
    await using world = await createWorld();
    const { digest } = world.publish(release(1));
    const file = await writeArchive(world, release(2), { name: 'bundled.tar' });
    await appendFile(file, 'more');
    await world.writeProfile({ bundledArchive: 'bundled.tar' });
    await world.run(['updates', 'on']);
    expect(await world.run(['auto'])).toMatchObject({ code: 0, json: { status: 'installed', image: { digest } } });
  });
});
