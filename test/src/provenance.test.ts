import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  buildTestImage,
  createTestAttester,
  githubJob,
  githubPredicate,
  publishAttestations,
  type TestBuild,
} from '@dangerzone-image/core/testing';
import { describe, expect, it } from 'vitest';
import { withoutNetwork } from './network-namespace.ts';
import { createWorld, type World } from './world.ts';

const release = (day: number) => buildTestImage({ created: new Date(Date.UTC(2026, 0, day)) });

/** A publisher whose builds are attested; the trusted root is in the world's folder. */
async function createAttestedWorld(members: Readonly<Record<string, unknown>> = {}) {
  const world = await createWorld();
  const attester = createTestAttester();
  const root = join(world.folder, 'trusted_root.json');
  await writeFile(root, attester.trustedRoot, { mode: 0o600 });
  const publish = (day: number, build?: TestBuild) => {
    const { digest } = world.publish(release(day));
    if (!build) return digest;
    const statement = { predicateType: 'https://slsa.dev/provenance/v1', predicate: githubPredicate(build) };
    const attestation = attester.attest({ digest, ...statement, signer: githubJob(build) });
    publishAttestations(world.registry, 'team/sandbox', digest, [attestation]);
    return digest;
  };
  const transparencyLog = { keys: ['rekor.pub'], trustedRoot: 'trusted_root.json' };
  await world.writeProfile({ transparencyLog, ...members });
  return { world, root, publish };
}

/** Nothing can be reached, and Node itself refuses to open any socket. */
const offline = (world: World, words: readonly string[]) =>
  world.runBare(words, {
    env: { NODE_OPTIONS: '--permission --allow-fs-read=* --allow-fs-write=*' },
    prefix: withoutNetwork ?? [],
  });

describe('acceptance 15: provenance', () => {
  const repository = ['--repository', 'acme/dangerzone'];

  it('is attested online, and refused of a repository whose name only begins alike', async () => {
    const { world, publish } = await createAttestedWorld();
    await using _ = world;
    const digest = publish(1, { repository: 'acme/dangerzone' });
    expect(await world.run(['attest-provenance', ...repository])).toMatchObject({
      code: 0,
      json: { status: 'verified', image: { digest } },
    });
    publish(2, { repository: 'acme/dangerzone-evil' });
    expect(await world.run(['attest-provenance', ...repository])).toMatchObject({
      code: 3,
      json: {
        error: {
          code: 'PROVENANCE_REJECTED',
          details: { claim: 'repository', expected: '"acme/dangerzone"', found: 'acme/dangerzone-evil' },
        },
      },
    });
  });

  it.skipIf(!withoutNetwork)(
    'is attested of an archive, without a network and with an exported trusted root',
    async () => {
      const { world, root, publish } = await createAttestedWorld();
      await using _ = world;
      const digest = publish(1, { repository: 'acme/dangerzone' });
      const file = join(world.folder, 'sandbox.tar');
      expect((await world.run(['prepare-archive', '--output', file])).code).toBe(0);
      const ask = (expected: string, ...more: string[]) =>
        offline(world, ['attest-provenance', '--archive', file, '--json', '--repository', expected, ...more]);
      const trusted = ['--trusted-root', root];
      expect(await ask('acme/dangerzone', ...trusted)).toMatchObject({ code: 0, json: { image: { digest } } });
      expect(await ask('acme/dangerzone')).toMatchObject({ code: 3, json: { error: { code: 'PROVENANCE_REJECTED' } } });
      const refused = { code: 3, json: { error: { code: 'PROVENANCE_REJECTED', details: { claim: 'repository' } } } };
      expect(await ask('acme/dangerzon', ...trusted)).toMatchObject(refused);
    },
  );
});

describe('a profile that demands provenance', () => {
  const provenance = { repository: 'acme/sandbox', required: true };

  it('installs what has it, from a registry and from an archive, and nothing else', async () => {
    const { world, publish } = await createAttestedWorld({ provenance });
    await using _ = world;
    publish(1, {});
    expect(await world.run(['upgrade'])).toMatchObject({ code: 0, json: { status: 'installed' } });
    publish(2);
    for (const verb of ['upgrade', 'check'])
      expect(await world.run([verb])).toMatchObject({ code: 3, json: { error: { code: 'PROVENANCE_MISSING' } } });
    const file = join(world.folder, 'sandbox.tar');
    await world.run(['prepare-archive', '--output', file]);
    expect(await world.run(['inspect-archive', file])).toMatchObject({
      code: 3,
      json: { status: 'refused', reason: { code: 'PROVENANCE_MISSING' } },
    });
    expect(await world.run(['load-archive', file])).toMatchObject({
      code: 3,
      json: { error: { code: 'PROVENANCE_MISSING' } },
    });
    publish(2, {});
    const attested = join(world.folder, 'attested.tar');
    await world.run(['prepare-archive', '--output', attested]);
    expect(await world.run(['load-archive', attested])).toMatchObject({ code: 0, json: { status: 'upgraded' } });
  });

  it('says where what is installed was built', async () => {
    const { world, publish } = await createAttestedWorld({ provenance });
    await using _ = world;
    const digest = publish(1, {});
    await world.run(['upgrade']);
    publish(2);
    expect(await world.run(['attest-provenance', '--local'])).toMatchObject({
      code: 0,
      json: { image: { digest, tag: 'latest' } },
    });
  });
});
