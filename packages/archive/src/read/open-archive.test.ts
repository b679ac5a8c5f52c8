import { mkdtemp, open as openFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Digest, digestOf, hexOf, hostPlatform, mediaTypes, parseReference } from '@dangerzone-image/core';
import {
  buildTestArchive,
  buildTestImage,
  bundleManifest,
  createTestSigner,
  type TestArchiveForm,
  type TestMember,
  testArchiveMembers,
  testTar,
} from '@dangerzone-image/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openArchive } from './open-archive.ts';

const IMAGE = 'registry.example.org/team/sandbox';
const image = buildTestImage({ created: '2026-01-02T03:04:05Z' });
const signer = createTestSigner({ image: IMAGE });
const manifest = image.manifestFor(hostPlatform());
const reference = parseReference(IMAGE);
const OTHER = digestOf(Buffer.from('another image'));

/** A blob as a member. */
const blob = (bytes: Uint8Array): TestMember => ({ name: `./blobs/sha256/${hexOf(digestOf(bytes))}`, bytes });

/** The members of a folder of `cosign save` with an attestation, whose tag is lost there. */
function withAttestation(envelope: Buffer): TestMember[] {
  const config = Buffer.from('{}');
  const describe = (mediaType: string, bytes: Buffer) => ({ mediaType, digest: digestOf(bytes), size: bytes.length });
  const layers = [describe('application/vnd.dsse.envelope.v1+json', envelope)];
  const attestations = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: describe(mediaTypes.ociConfig, config),
      layers,
    }),
  );
  const annotations = { kind: 'dev.cosignproject.cosign/atts' };
  const entry = { ...describe(mediaTypes.ociManifest, attestations), annotations };
  const members = testArchiveMembers(image, { form: 'cosign-save', signers: [signer] }).map((member) => {
    if (member.name !== './index.json') return member;
    const index = JSON.parse(Buffer.from(member.bytes ?? '').toString());
    return { ...member, bytes: Buffer.from(JSON.stringify({ ...index, manifests: [...index.manifests, entry] })) };
  });
  return [...members, ...[attestations, config, envelope].map(blob)];
}

async function open(bytes: Uint8Array) {
  return (await openWithPath(bytes)).archive;
}

async function openWithPath(bytes: Uint8Array) {
  const folder = await mkdtemp(join(tmpdir(), 'archive-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'image.tar');
  await writeFile(path, bytes);
  const archive = await openArchive(path);
  onTestFinished(() => archive.close());
  return { archive, path };
}

/** Changes a byte of the file in its place. */
async function change(path: string, at: number): Promise<void> {
  const file = await openFile(path, 'r+');
  await file.write(Buffer.from('X'), 0, 1, at);
  await file.close();
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
    expect(await archive.findSignatures(reference, archive.digest)).toHaveLength(1);
    await archive.prove(archive.digest);
  });

  it('bad input 146: gives no bundle and no attestation that was changed while the file was open', async () => {
    const bundle = { mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json', bytes: Buffer.from('{"a":"bundle"}') };
    const { bytes: manifest, blobs } = bundleManifest(image.digest, bundle);
    const envelope = Buffer.from('{"an":"envelope"}');
    const [, ...inBundle] = blobs.map(({ bytes }) => bytes);
    const tar = testTar([...withAttestation(envelope), ...[manifest, ...inBundle].map(blob)]);
    const { archive, path } = await openWithPath(tar);
    expect(await archive.findBundles(reference, image.digest)).toEqual([bundle]);
    expect(await archive.findAttestations(reference, image.digest)).toHaveLength(1);
    for (const bytes of [bundle.bytes, envelope]) await change(path, tar.indexOf(bytes) + 3);
    for (const look of ['findBundles', 'findAttestations'] as const)
      await expect(archive[look](reference, image.digest)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  it.each<[string, readonly string[], readonly ('index' | 'manifest')[]]>([
    ['the index', [image.digest], ['index']],
    ['the platform’s manifest', [manifest.digest], ['manifest']],
    ['both', [manifest.digest, image.digest], ['index', 'manifest']],
    ['the platform’s manifest and something else', [OTHER, manifest.digest], ['manifest']],
    ['something else alone, which verification is to tell', [OTHER], ['index']],
    ['nothing, which verification is to tell', [], ['index']],
  ])('gives an attestation about %s for that', async (_name, about, expected) => {
    const subject = about.map((digest) => ({ digest: { sha256: digest.slice('sha256:'.length) } }));
    const payload = Buffer.from(JSON.stringify({ subject })).toString('base64');
    const envelope = Buffer.from(JSON.stringify({ payload }));
    const archive = await open(testTar(withAttestation(envelope)));
    const found = async (digest: Digest) => (await archive.findAttestations(reference, digest)).length;
    expect(await found(image.digest)).toBe(expected.includes('index') ? 1 : 0);
    expect(await found(manifest.digest)).toBe(expected.includes('manifest') ? 1 : 0);
    expect(await found(OTHER)).toBe(0);
  });
});
