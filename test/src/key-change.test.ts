import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTestSigner, publishTestImage } from '@dangerzone-image/core/testing';
import { describe, expect, it } from 'vitest';
import { createWorld, release } from './world.ts';

/** A publisher who signs with the old key and the new one, in the same log. */
async function createChangingWorld() {
  const world = await createWorld();
  const next = createTestSigner({ image: world.image, log: world.signer.log });
  await writeFile(join(world.folder, 'next.pub'), next.publicKeyPem, { mode: 0o600 });
  publishTestImage(world.registry, 'team/sandbox', release(1), { tag: 'latest', signers: [world.signer, next] });
  return { world, next };
}

describe('acceptance 15: key change', () => {
  it('an image that the old and the new key signed is taken by whoever has either, or both', async () => {
    const { world, next } = await createChangingWorld();
    await using _ = world;
    for (const [keys, accepted] of [
      [['cosign.pub'], [world.signer]],
      [['next.pub'], [next]],
      [
        ['cosign.pub', 'next.pub'],
        [world.signer, next],
      ],
    ] as const) {
      await world.writeProfile({ keys });
      const { code, json } = await world.run(['store-signatures']);
      expect(code).toBe(0);
      expect(json.signatures.filter(({ verdict }) => verdict === 'accepted').map(({ key }) => key)).toEqual(
        accepted.map(({ fingerprint }) => fingerprint),
      );
    }
    await world.writeProfile({ keys: ['next.pub'] });
    expect(await world.run(['upgrade'])).toMatchObject({ code: 0, json: { status: 'installed' } });
    await world.writeProfile({ keys: ['cosign.pub'] });
    expect(await world.run(['verify-local'])).toMatchObject({ code: 0 });
  });

  it('a log whose key is another than the pinned one is named, with what to do about it', async () => {
    const { world } = await createChangingWorld();
    await using _ = world;
    const other = createTestSigner({ image: world.image });
    await writeFile(join(world.folder, 'rekor.pub'), other.logPublicKeyPem, { mode: 0o600 });
    const { code, json } = await world.run(['upgrade']);
    expect({ code, error: json.error.code }).toEqual({ code: 3, error: 'LOG_ENTRY_INVALID' });
    expect(json.error.message).toContain(world.signer.logId);
    expect(json.error.suggestions.join()).toContain('SIGSTORE_REKOR_PUBLIC_KEY');
  });
});
