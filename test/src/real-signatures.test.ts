import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publishSignatures } from '@dangerzone-image/core/testing';
import { describe, expect, it } from 'vitest';
import {
  areFixturesHere,
  fixture,
  productionSignatures,
  type RealSignatures,
  testKeySignatures,
} from './real-signatures.ts';
import { createWorld, type Outcome, type World } from './world.ts';

/** What each damaged file is refused with. */
const refusals: Readonly<Record<string, { code: number; error: string; reason: string }>> = {
  'invalid 19e8eacd': { code: 7, error: 'SIGNATURE_MALFORMED', reason: 'signature-malformed' },
  'invalid 220b5220': { code: 3, error: 'SIGNATURE_INVALID', reason: 'signature-mismatch' },
  'invalid 4da44123': { code: 7, error: 'SIGNATURE_MALFORMED', reason: 'log-entry-malformed' },
  'invalid 7b21dbde': { code: 7, error: 'SIGNATURE_MALFORMED', reason: 'log-entry-malformed' },
  'tampered 19e8eacd': { code: 3, error: 'SIGNATURE_INVALID', reason: 'signature-mismatch' },
  'tampered 220b5220': { code: 3, error: 'SIGNATURE_INVALID', reason: 'signature-mismatch' },
};

async function storeFromMirror(
  world: World,
  { image, digest, signatures }: RealSignatures,
  profile: readonly string[],
): Promise<Outcome> {
  publishSignatures(world.registry, image.slice('ghcr.io/'.length), digest, signatures);
  const mirror = ['--mirror', world.registry.origin, '--mirror-only', '--state-dir', world.state];
  return world.runBare(['store-signatures', `${image}@${digest}`, '--json', ...mirror, ...profile]);
}

function testKeyProfile(world: World, image: string): Promise<string> {
  const keys = [fixture('dangerzone-signatures', 'test.pub')];
  return world.writeProfile({ image, keys, transparencyLog: { keys: [fixture('dangerzone-releases', 'rekor.pub')] } });
}

describe.skipIf(!areFixturesHere)(
  'signatures of other publishers, through store-signatures and a mirror of ghcr.io',
  () => {
    it.each(productionSignatures())(
      'production signature $title is stored, with the built-in profile',
      async (real) => {
        await using world = await createWorld();
        const outcome = await storeFromMirror(world, real, []);
        expect(outcome).toMatchObject({
          code: 0,
          json: { status: 'stored', image: { digest: real.digest }, signatures: [{ verdict: 'accepted' }] },
        });
        const folder = 'f8d4fdda2a40d010a1d7d4024e78cecc14d9ab48c89301a901df960a0c47a074';
        const stored = await readFile(join(world.state, 'signatures', folder, `${real.digest.slice(7)}.json`), 'utf8');
        expect(JSON.parse(stored)).toEqual(JSON.parse(real.file.toString()));
      },
    );

    it.each(testKeySignatures('valid'))('test key signature $title is stored', async (real) => {
      await using world = await createWorld();
      const profile = await testKeyProfile(world, real.image);
      const outcome = await storeFromMirror(world, real, ['--profile', profile]);
      expect(outcome).toMatchObject({ code: 0, json: { status: 'stored' } });
      expect(outcome.json.signatures).toHaveLength(real.signatures.length);
    });

    it.each([...testKeySignatures('tampered'), ...testKeySignatures('invalid')])(
      '$title is refused with its own reason',
      async (real) => {
        await using world = await createWorld();
        const profile = await testKeyProfile(world, real.image);
        const outcome = await storeFromMirror(world, real, ['--profile', profile]);
        const expected = refusals[real.title];
        expect(outcome.code).toBe(expected?.code);
        expect(outcome.json.error).toMatchObject({
          code: expected?.error,
          details: { signatures: [{ verdict: 'invalid', reason: expected?.reason }] },
        });
      },
    );
  },
);
