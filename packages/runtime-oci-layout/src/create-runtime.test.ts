import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVerifiedStream, digestOf, hostPlatform } from '@dangerzone-image/core';
import {
  buildTestImage,
  describeRuntimeContract,
  memorySource,
  verifiedTestImage,
} from '@dangerzone-image/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRuntime } from './create-runtime.ts';

const NAME = 'registry.example.org/team/sandbox';

async function emptyFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'oci-layout-'));
}

describeRuntimeContract('oci-layout', async () => {
  const path = await emptyFolder();
  return { runtime: createRuntime({ path: join(path, 'images') }), dispose: () => rm(path, { recursive: true }) };
});

describe('runtime oci-layout', () => {
  async function loadedLayout() {
    const path = await emptyFolder();
    onTestFinished(() => rm(path, { recursive: true }));
    const image = buildTestImage({ created: '2026-01-02T03:04:05Z' });
    const runtime = createRuntime({ path });
    const verified = verifiedTestImage(image, NAME, hostPlatform());
    const local = await runtime.load(createVerifiedStream(verified, memorySource([image]), NAME), {
      name: `${NAME}:latest`,
    });
    return { path, runtime, local };
  }

  it('writes a layout whose blobs all hash to their names, and nothing beside it', async () => {
    const { path } = await loadedLayout();
    expect((await readdir(path)).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
    for (const hex of await readdir(join(path, 'blobs', 'sha256'))) {
      expect(digestOf(await readFile(join(path, 'blobs', 'sha256', hex)))).toBe(`sha256:${hex}`);
    }
    expect(JSON.parse(await readFile(join(path, 'oci-layout'), 'utf8'))).toEqual({ imageLayoutVersion: '1.0.0' });
  });

  it('leaves entries, members and blobs of other tools as they are', async () => {
    const { path, runtime, local } = await loadedLayout();
    const index = JSON.parse(await readFile(join(path, 'index.json'), 'utf8'));
    const foreign = {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: `sha256:${'1'.repeat(64)}`,
      size: 3,
      artifactType: 'application/x',
      annotations: { other: 'tool' },
    };
    await writeFile(join(path, 'index.json'), JSON.stringify({ ...index, manifests: [...index.manifests, foreign] }));
    await writeFile(
      join(path, 'blobs', 'sha256', '1'.repeat(64)),
      '{"schemaVersion":2,"config":{"mediaType":"application/x","digest":"sha256:' +
        '2'.repeat(64) +
        '","size":2},"layers":[]}',
    );
    await runtime.remove(local);
    expect(JSON.parse(await readFile(join(path, 'index.json'), 'utf8')).manifests).toEqual([foreign]);
    expect(await readdir(join(path, 'blobs', 'sha256'))).toEqual(['1'.repeat(64)]);
  });

  it.each([{}, { path: '' }, { path: 'x', colour: 'red' }])('refuses options it does not know: %j', (options) => {
    expect(() => createRuntime(options as Record<string, string>)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  it('refuses an index.json that is not an image index', async () => {
    const { path, runtime } = await loadedLayout();
    await writeFile(join(path, 'index.json'), '{"schemaVersion":2}');
    await expect(runtime.images(NAME)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
  });
});
