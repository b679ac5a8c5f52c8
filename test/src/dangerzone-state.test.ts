import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publishSignatures } from '@dangerzone-image/core/testing';
import { describe, expect, it } from 'vitest';
import { areFixturesHere, productionSignatures } from './real-signatures.ts';
import { createWorld, type World } from './world.ts';

const KEY_FOLDER = 'f8d4fdda2a40d010a1d7d4024e78cecc14d9ab48c89301a901df960a0c47a074';
const SETTINGS = '{"updater_check_all": true, "an_unknown_key": [1, 2], "updater_last_check": 1763000000}';

/** A home as Dangerzone 0.11 leaves it: signatures, its log index, and settings in its own config folder. */
async function dangerzoneHome(world: World) {
  const data = join(world.folder, 'home', '.local', 'share', 'dangerzone');
  const config = join(world.folder, 'home', '.config', 'dangerzone');
  const signatures = join(data, 'signatures');
  await mkdir(join(signatures, KEY_FOLDER), { recursive: true, mode: 0o755 });
  await mkdir(config, { recursive: true });
  await writeFile(join(signatures, 'last_log_index'), '2086326142');
  await writeFile(join(config, 'settings.json'), SETTINGS);
  return { data, signatures, settings: join(config, 'settings.json') };
}

describe.skipIf(!areFixturesHere)('acceptance 2: drop-in state of Dangerzone 0.11', () => {
  it('its folder is read, stays readable for it, and its settings are not touched', async () => {
    await using world = await createWorld();
    const { data, signatures, settings } = await dangerzoneHome(world);
    const [installed, fetched] = productionSignatures().filter(({ title }) => title.startsWith('2026-04-27'));
    if (!installed || !fetched) throw new Error('two signatures expected');
    await writeFile(join(signatures, KEY_FOLDER, `${installed.digest.slice(7)}.json`), installed.file);
    await mkdir(world.layout);
    const entry = {
      mediaType: 'application/vnd.oci.image.index.v1+json',
      digest: installed.digest,
      size: 1,
      annotations: { 'org.opencontainers.image.ref.name': `${installed.image}:latest` },
    };
    await writeFile(join(world.layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
    const runtime = ['--runtime', 'oci-layout', '--runtime-option', `path=${world.layout}`, '--json'];

    // Read: the image that Dangerzone installed verifies by its file, and its floor counts.
    expect(await world.runBare(['verify-local', ...runtime])).toMatchObject({
      code: 0,
      json: { image: { digest: installed.digest } },
    });
    const status = await world.runBare(['status', ...runtime]);
    expect(Object.values(status.json.floor)).toEqual([2086326142]);

    // Written: what we store lies where Dangerzone looks for it, in the form that it reads.
    publishSignatures(world.registry, 'freedomofpress/dangerzone/v1', fetched.digest, fetched.signatures);
    const mirror = ['--mirror', world.registry.origin, '--mirror-only'];
    expect((await world.runBare(['store-signatures', `${fetched.image}@${fetched.digest}`, ...mirror])).code).toBe(0);
    const stored = JSON.parse(await readFile(join(signatures, KEY_FOLDER, `${fetched.digest.slice(7)}.json`), 'utf8'));
    for (const signature of stored) {
      expect(Object.keys(signature).sort()).toEqual([
        'Base64Signature',
        'Bundle',
        'Cert',
        'Chain',
        'Payload',
        'RFC3161Timestamp',
      ]);
      expect(Number.isInteger(signature.Bundle.Payload.logIndex)).toBe(true);
      expect(
        JSON.parse(Buffer.from(signature.Payload, 'base64').toString()).critical.image['docker-manifest-digest'],
      ).toBe(fetched.digest);
    }

    expect(await readFile(join(signatures, 'last_log_index'), 'utf8')).toBe('2086326142');
    expect(await readFile(join(signatures, KEY_FOLDER, `${installed.digest.slice(7)}.json`))).toEqual(installed.file);
    expect(await readFile(settings, 'utf8')).toBe(SETTINGS);
    expect(await readFile(join(data, 'ledger.json'), 'utf8')).toContain(fetched.digest);
  });
});
