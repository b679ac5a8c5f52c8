import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createVerifiedStream, hostPlatform, ociLayout } from '@dangerzone-image/core';
import { buildTestImage, memorySource, verifiedTestImage } from '@dangerzone-image/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { layoutIn, removeLayout, spoolLayout } from './spool-layout.ts';

const NAME = 'localhost/dangerzone-image/test:incoming';
const image = buildTestImage({ created: '2026-01-02T03:04:05Z' });
const verified = verifiedTestImage(image, 'registry.example.org/team/sandbox', hostPlatform());

function layout(change?: Parameters<typeof memorySource>[1]) {
  return ociLayout(createVerifiedStream(verified, memorySource([image], change), 'team/sandbox'), NAME);
}

async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dangerzone-image-Spool-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe('spoolLayout', () => {
  it('writes a whole image layout, which nobody else can read', async () => {
    const folder = await createFolder();
    await spoolLayout(layout(), folder);
    expect((await readdir(folder)).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
    const { manifests } = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8'));
    expect(manifests).toMatchObject([{ digest: image.digest }]);
    for (const path of await readdir(folder, { recursive: true }))
      expect((await stat(join(folder, path))).mode & 0o077, path).toBe(0);
  });

  it('bad input 146: throws at a wrong blob, before there is anything that an engine takes for an image', async () => {
    const folder = await createFolder();
    const last = verified.manifest.layers.at(-1)?.digest;
    const wrong = layout((digest, bytes) => (digest === last ? Buffer.alloc(bytes.length) : bytes));
    await expect(spoolLayout(wrong, folder)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(await readdir(folder)).toEqual(['blobs']);
  });

  it('says that the disk is full, and where', async () => {
    const folder = await createFolder();
    const failure = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    const full = async function* () {
      yield { path: 'oci-layout', size: 1, content: Readable.from([]).destroy(failure) };
    };
    await expect(spoolLayout(full(), folder)).rejects.toMatchObject({ code: 'DISK_FULL', details: { folder } });
  });

  it('ends with the signal’s own reason', async () => {
    const reason = new Error('stop');
    await expect(spoolLayout(layout(), await createFolder(), AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('lies where Podman 4 can make a name of the path, and is removed from there', async () => {
    const folder = await createFolder();
    expect(layoutIn(folder)).toMatch(/^[a-z0-9/-]+$/);
    await spoolLayout(layout(), join(folder, layoutIn(folder)));
    await removeLayout(folder);
    expect(await readdir(folder)).toEqual([]);
  });
});
