import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostPlatform } from '@dangerzone-image/core';
import {
  buildTestArchive,
  buildTestImage,
  createTestSigner,
  type TestArchiveForm,
} from '@dangerzone-image/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openArchive } from './open-archive.ts';

const IMAGE = 'registry.example.org/team/sandbox';
const image = buildTestImage({ created: '2026-01-02T03:04:05Z' });
const signer = createTestSigner({ image: IMAGE });
const manifest = image.manifestFor(hostPlatform());

async function open(bytes: Uint8Array) {
  const folder = await mkdtemp(join(tmpdir(), 'archive-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'image.tar'), bytes);
  const archive = await openArchive(join(folder, 'image.tar'));
  onTestFinished(() => archive.close());
  return archive;
}

describe('an archive', () => {
  it.each<[TestArchiveForm, string, number]>([
    ['dangerzone', manifest.digest, 1],
    ['ours', image.digest, 1],
    ['cosign-save', image.digest, 2],
    ['cosign-save-manifest', manifest.digest, 1],
  ])('of the form %s is read as a source of its image', async (form, digest, platforms) => {
    const archive = await open(buildTestArchive(image, { form, signers: [signer] }));
    expect(archive.digest).toBe(digest);
    expect(archive.platforms).toHaveLength(platforms);
    const reference = { registry: 'registry.example.org', repository: 'team/sandbox', name: IMAGE };
    expect(await archive.findSignatures(reference, archive.digest)).toHaveLength(1);
    await archive.prove(archive.digest);
  });
});
