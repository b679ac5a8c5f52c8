import { open, rename, truncate, writeFile } from 'node:fs/promises';
import { hexOf, hostPlatform } from '@dangerzone-image/core';
import { buildTestArchive, buildTestImage } from '@dangerzone-image/core/testing';
import { describe, expect, it } from 'vitest';
import { loadOn, signer } from './machine.test-support.ts';

const image = buildTestImage({ created: '2026-01-02T03:04:05Z' });
const other = buildTestImage({ created: '2025-01-02T03:04:05Z' });
const own = image.manifestFor(hostPlatform());
const good = buildTestArchive(image, { signers: [signer] });
const evil = buildTestArchive(other, { signers: [signer] });

/** The first byte of a blob, turned by whoever still has the file open for writing. */
async function turnByteOf(digest: string, path: string): Promise<void> {
  const at = good.indexOf(`./blobs/sha256/${digest.slice(7)}`) + 512;
  const file = await open(path, 'r+');
  await file.write(Buffer.from([(good[at] ?? 0) ^ 1]), 0, 1, at);
  await file.close();
}

async function replace(path: string): Promise<void> {
  await writeFile(`${path}.new.tar`, evil);
  await rename(`${path}.new.tar`, path);
}

describe('bad input 146: a file that changes while it is read', () => {
  it.each([
    ['once it is open', { afterOpen: replace }],
    ['once it is verified', { beforeLoad: replace }],
  ])('is still the file that was opened, where another takes its name %s', async (_, circumstances) => {
    expect(await loadOn(good, circumstances)).toMatchObject({ code: undefined, installed: [own.config.digest] });
  });

  it.each([...own.layers.map(({ digest }) => digest)])(
    'is refused at the byte that changed behind our back, and the engine keeps nothing: layer %s',
    async (digest) => {
      const beforeLoad = (path: string) => turnByteOf(digest, path);
      expect(await loadOn(good, { beforeLoad })).toMatchObject({ code: 'DIGEST_MISMATCH', installed: [] });
      const afterOpen = beforeLoad;
      const attempt = await loadOn(good, { afterOpen });
      expect(attempt).toMatchObject({ code: 'DIGEST_MISMATCH', installed: [], files: [] });
      expect(attempt.calls).not.toContain('load');
      expect(attempt.message).toContain(hexOf(digest as `sha256:${string}`));
    },
  );

  it.each([own.digest, own.config.digest, image.digest])(
    'is refused where a document changed after it was opened: %s',
    async (digest) => {
      const attempt = await loadOn(good, { afterOpen: (path) => turnByteOf(digest, path) });
      expect(attempt).toMatchObject({ code: 'DIGEST_MISMATCH', installed: [], files: [] });
    },
  );

  it('is refused where it gets shorter', async () => {
    const cut = (path: string) => truncate(path, 1000);
    expect(await loadOn(good, { beforeLoad: cut })).toMatchObject({ code: 'ARCHIVE_INVALID', installed: [] });
    expect(await loadOn(good, { afterOpen: cut })).toMatchObject({ code: 'ARCHIVE_INVALID', installed: [], files: [] });
  });
});
