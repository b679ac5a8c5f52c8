import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hostPlatform, parseReference } from '@dangerzone-image/core';
import { buildTestImage, testArchiveMembers } from '@dangerzone-image/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadOn, signer, temporaryFolder } from './machine.test-support.ts';
import { openArchive } from './open-archive.ts';

const image = buildTestImage({ created: '2026-01-02T03:04:05Z' });
const own = image.manifestFor(hostPlatform());
const hasPython = spawnSync('python3', ['-c', 'import tarfile']).status === 0;
const hasTar = spawnSync('tar', ['--version']).status === 0;
if (!hasPython) console.warn('skipped: no Python here, whose tarfile Dangerzone uses');
if (!hasTar) console.warn('skipped: no tar here');

const saved = join(import.meta.dirname, '../../../../../shared/fixtures/slsa-container-provenance');
const hasSaved = existsSync(saved);
if (!hasSaved) console.warn('skipped: no folders of cosign save beside the checkout');

/** The folder that the tool makes a tar of. */
async function layoutFolder(form: 'dangerzone' | 'cosign-save'): Promise<string> {
  const folder = join(await temporaryFolder(), 'layout');
  for (const { name, bytes } of testArchiveMembers(image, { form, signers: [signer] })) {
    if (!bytes) continue;
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
  return folder;
}

describe.skipIf(!hasPython)('a tar by Python’s tarfile', () => {
  it.each(['tarfile.DEFAULT_FORMAT', 'tarfile.GNU_FORMAT', 'tarfile.USTAR_FORMAT'])(
    'is taken, made as Dangerzone makes it, in the format %s',
    async (format) => {
      const folder = await layoutFolder('dangerzone');
      const script = `import sys, tarfile
with tarfile.open(sys.argv[2], "w", format=${format}) as archive: archive.add(sys.argv[1], arcname=".")`;
      execFileSync('python3', ['-c', script, folder, `${folder}.tar`]);
      const bytes = readFileSync(`${folder}.tar`);
      expect(await loadOn(bytes)).toMatchObject({ code: undefined, installed: [own.config.digest] });
    },
  );
});

describe.skipIf(!hasTar)('a tar by tar', () => {
  it.each([
    ['-C', '.'],
    ['--format=ustar', '-C', '.'],
    ['--format=pax', '-C', '.'],
    ['-C', '*'],
  ])('is taken, of a folder of cosign save: tar -cf … %s %s %s', async (...words) => {
    const folder = await layoutFolder('cosign-save');
    const names = words.at(-1) === '*' ? readdirSync(folder) : ['.'];
    const options = words.filter((word) => word.startsWith('--'));
    execFileSync('tar', [...options, '-cf', `${folder}.tar`, '-C', folder, ...names]);
    const attempt = await loadOn(readFileSync(`${folder}.tar`));
    expect(attempt).toMatchObject({ code: undefined, installed: [own.config.digest] });
  });
});

describe.skipIf(!hasSaved || !hasTar)('what real cosign saved', () => {
  it.each(hasSaved ? readdirSync(saved).filter((name) => name.startsWith('v')) : [])(
    'is read, attestations and all: %s',
    async (version) => {
      const folder = await temporaryFolder();
      const tar = join(folder, 'saved.tar');
      execFileSync('tar', ['-cf', tar, '-C', join(saved, version, 'container_workflow_dispatch'), '.']);
      const archive = await openArchive(tar);
      onTestFinished(() => archive.close());
      const digest = readFileSync(join(saved, version, 'container_workflow_dispatch.digest'), 'utf8').trim();
      expect(digest).toContain(archive.digest);
      await archive.prove(archive.digest);
      const reference = parseReference('ghcr.io/slsa-framework/example-package');
      const [attestation, ...others] = await archive.findAttestations(reference, archive.digest);
      expect(others).toEqual([]);
      expect(JSON.parse(Buffer.from(attestation?.envelope ?? '').toString())).toMatchObject({
        payloadType: 'application/vnd.in-toto+json',
      });
      expect(attestation?.certificate).toMatch(/^-----BEGIN CERTIFICATE-----/);
      expect(attestation?.bundle).toMatchObject({ Payload: { logIndex: expect.any(Number) } });
      expect(await archive.findBundles(reference, archive.digest)).toEqual([]);
    },
  );
});
