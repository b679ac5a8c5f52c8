import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withoutNetwork } from './network-namespace.ts';
import { createWorld, release } from './world.ts';

async function installed() {
  const world = await createWorld();
  const image = release(1);
  world.publish(image);
  expect((await world.run(['upgrade'])).code).toBe(0);
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const manifest = image.manifestFor({ os: 'linux', architecture });
  const blob = (digest: string) => join(world.layout, 'blobs', 'sha256', digest.slice('sha256:'.length));
  const config: { rootfs: { diff_ids: string[] } } = JSON.parse(Buffer.from(manifest.config.bytes).toString());
  return { world, manifest, blob, diffIds: config.rootfs.diff_ids };
}

describe('verify-local --deep', () => {
  it('names each layer of an untouched image, and opens no connection', async () => {
    const { world, diffIds } = await installed();
    await using _ = world;
    const { code, json } = await world.run(['verify-local', '--deep'], { prefix: withoutNetwork ?? [] });
    const layers = diffIds.map((diffId) => ({ diffId, status: 'verified' }));
    expect({ code, json }).toMatchObject({ code: 0, json: { status: 'verified', layers } });
    expect((await world.run(['verify-local'])).json).not.toHaveProperty('layers');
  });

  it('finds and names the layer of which a byte was changed in the store, which the engine says nothing of', async () => {
    const { world, manifest, blob, diffIds } = await installed();
    await using _ = world;
    const file = blob(manifest.layers[1]?.digest ?? '');
    const bytes = await readFile(file);
    for (const at of [9, 20, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8((bytes[at] ?? 0) ^ 1, at);
      await writeFile(file, changed);
      expect((await world.run(['verify-local'])).code).toBe(0);
      const { code, json } = await world.run(['verify-local', '--deep']);
      expect({ code, error: json.error }).toMatchObject({
        code: 3,
        error: { code: 'IMAGE_NOT_VERIFIED', details: { layers: [{ position: 2, diffId: diffIds[1] }] } },
      });
      expect(json.error.message).toContain(`layer 2 of 2 (${diffIds[1]})`);
    }
    await writeFile(file, bytes);
    expect((await world.run(['verify-local', '--deep'])).code).toBe(0);
  });

  it('prints what was read back, and nothing but the reference with --print', async () => {
    const { world } = await installed();
    await using _ = world;
    const words = ['--profile', world.profile, '--state-dir', world.state, '--deep', '--runtime', 'oci-layout'];
    const local = [...words, '--runtime-option', `path=${world.layout}`];
    const shown = await world.runBare(['verify-local', ...local]);
    expect(shown.stdout).toContain('✅ OK: read back and hashed: 2 of 2 layers, and the config\n');
    expect(shown.stderr).toContain('Read back from the runtime and hashed: ');
    const printed = await world.runBare(['verify-local', '--print', 'ref', '--quiet', ...local]);
    expect(printed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[^\n]+@sha256:[0-9a-f]{64}\n$/) });
  });

  it('leaves nothing behind', async () => {
    const { world } = await installed();
    await using _ = world;
    const before = await readdir(world.folder, { recursive: true });
    await world.run(['verify-local', '--deep']);
    expect(await readdir(world.folder, { recursive: true })).toEqual(before);
  });
});
