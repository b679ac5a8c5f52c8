import { open, readdir, rm } from 'node:fs/promises';
import { openArchive } from '@dangerzone-image/archive';
import { codeOf, hostPlatform, loadArchive, loadProfile } from '@dangerzone-image/core';
import { buildTestArchive, buildTestImage } from '@dangerzone-image/core/testing';
import { createRuntime } from '@dangerzone-image/runtime-oci-layout';
import { describe, expect, it } from 'vitest';
import { writeBytes } from './archives.ts';
import { createWorld } from './world.ts';

const LISTS = ['./index.json', './dangerzone.json', './manifest.json'];

/** Where the content of a member lies. */
function stretchOf(bytes: Buffer, name: string): readonly [number, number] {
  const at = bytes.indexOf(`${name}\0`) + 512;
  return [at, at + Number.parseInt(bytes.toString('latin1', at - 388, at - 377), 8)];
}

describe('bad input 153: one byte of a small archive changed', () => {
  it('is refused wherever it is, but in a list that nobody signed: there the same image is installed, or none', async () => {
    await using world = await createWorld();
    const layers = [{ 'bin/sandbox': 'x' }];
    const image = buildTestImage({ created: '2026-01-02T03:04:05Z', platforms: [hostPlatform()], layers });
    const { config } = image.manifestFor(hostPlatform());
    const good = buildTestArchive(image, { signers: [world.signer] });
    const lists = LISTS.map((name) => stretchOf(good, name));
    const path = await writeBytes(world.folder, 'image.tar', good);
    const profile = await loadProfile(world.profile, { env: {} });
    const runtime = createRuntime({ path: world.layout });

    const load = async () => {
      const source = await openArchive(path);
      try {
        const result = await loadArchive({ profile, state: { path: world.state }, runtime, source });
        await rm(world.layout, { recursive: true });
        await rm(world.state, { recursive: true });
        return result.image.config;
      } finally {
        await source.close();
      }
    };
    const refusalOf = async () => load().catch((error) => codeOf(error) ?? Promise.reject(error));

    expect(await load()).toBe(config.digest);
    await using file = await open(path, 'r+');
    for (const [at, byte] of good.entries()) {
      await file.write(Buffer.from([byte ^ (1 << (at % 8))]), 0, 1, at);
      const outcome = await refusalOf();
      const isList = lists.some(([from, to]) => at >= from && at < to);
      if (outcome === config.digest) expect(isList, `byte ${at}`).toBe(true);
      else expect(outcome, `byte ${at}`).toMatch(/^(ARCHIVE_INVALID|DIGEST_MISMATCH)$/);
      await file.write(Buffer.from([byte]), 0, 1, at);
    }
    expect(await readdir(world.folder)).not.toContain('images');
  });
});
