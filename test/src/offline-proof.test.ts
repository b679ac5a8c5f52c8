import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withoutNetwork } from './network-namespace.ts';
import {
  areFixturesHere,
  fixture,
  productionSignatures,
  type RealSignatures,
  testKeySignatures,
} from './real-signatures.ts';
import { createWorld, type Outcome, type World } from './world.ts';

/** A machine that has the image and the signatures, and no network: the engine claims the digest, the state has the file. */
async function verifyOffline(
  world: World,
  { image, digest, file }: RealSignatures,
  key: { folder: string; profile: readonly string[] },
): Promise<Outcome> {
  const signatures = join(world.state, 'signatures', key.folder);
  await mkdir(signatures, { recursive: true, mode: 0o700 });
  await writeFile(join(signatures, `${digest.slice(7)}.json`), file, { mode: 0o600 });
  await mkdir(world.layout, { recursive: true });
  const annotations = { 'org.opencontainers.image.ref.name': `${image}:latest` };
  const entry = { mediaType: 'application/vnd.oci.image.index.v1+json', digest, size: 1, annotations };
  await writeFile(join(world.layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
  const runtime = ['--runtime', 'oci-layout', '--runtime-option', `path=${world.layout}`];
  // The second proof beside the namespace: with this switch Node itself refuses to open any socket.
  const env = { NODE_OPTIONS: '--permission --allow-fs-read=* --allow-fs-write=*' };
  return world.runBare(['verify-local', '--json', '--state-dir', world.state, ...runtime, ...key.profile], {
    env,
    prefix: withoutNetwork ?? [],
  });
}

async function testKey(world: World, image: string) {
  const keys = [fixture('dangerzone-signatures', 'test.pub')];
  const profile = await world.writeProfile({
    image,
    keys,
    transparencyLog: { keys: [fixture('dangerzone-releases', 'rekor.pub')] },
  });
  return {
    folder: '95b432860b272938246b10e1cfc89a24e1db352b3aebaa799c4284c42c46bd95',
    profile: ['--profile', profile],
  };
}

const builtIn = { folder: 'f8d4fdda2a40d010a1d7d4024e78cecc14d9ab48c89301a901df960a0c47a074', profile: [] };

describe.skipIf(!areFixturesHere || !withoutNetwork)('acceptance 1: offline proof', () => {
  it.each(productionSignatures())('production signature $title verifies without a network', async (real) => {
    await using world = await createWorld();
    expect(await verifyOffline(world, real, builtIn)).toMatchObject({
      code: 0,
      json: { status: 'verified', image: { digest: real.digest } },
    });
  });

  it.each(testKeySignatures('valid'))('test key signature $title verifies without a network', async (real) => {
    await using world = await createWorld();
    expect(await verifyOffline(world, real, await testKey(world, real.image))).toMatchObject({
      code: 0,
      json: { status: 'verified' },
    });
  });

  it.each([...testKeySignatures('tampered'), ...testKeySignatures('invalid')])(
    '$title is refused without a network',
    async (real) => {
      await using world = await createWorld();
      const outcome = await verifyOffline(world, real, await testKey(world, real.image));
      expect(['SIGNATURE_INVALID', 'SIGNATURE_MALFORMED']).toContain(outcome.json.error.code);
      expect([3, 7]).toContain(outcome.code);
    },
  );

  it('Node’s switch does refuse sockets: the same machine cannot upgrade under it', async () => {
    await using world = await createWorld();
    const env = { NODE_OPTIONS: '--permission --allow-fs-read=* --allow-fs-write=*' };
    expect((await world.run(['upgrade'], { env })).code).not.toBe(0);
    expect(world.registry.requests).toEqual([]);
  });
});
