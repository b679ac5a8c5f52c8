import { join } from 'node:path';
import { type Digest, digestOf, mediaTypes, parseReference } from '@dangerzone-image/core';
import { publishBundles, referrersTag, signatureTag, type TestRegistryOptions } from '@dangerzone-image/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { amd64, createArchiveWorld, release } from '../write/archive-world.test-support.ts';
import { prepareArchive } from '../write/prepare-archive.ts';
import { openArchive } from './open-archive.ts';

const DSSE = 'application/vnd.dsse.envelope.v1+json';
const V03 = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const V01 = 'application/vnd.dev.sigstore.bundle+json;version=0.1';
const repository = 'team/sandbox';

const bundle = (text: string, mediaType = V03) => ({
  mediaType,
  bytes: Buffer.from(JSON.stringify({ mediaType, text })),
});
const byDigest = (bundles: readonly { readonly bytes: Uint8Array }[]) =>
  bundles.map(({ bytes }) => digestOf(bytes)).sort();

/** A published release with attestations and bundles of the platform's manifest and of its index, and its archive. */
async function prepare(options: TestRegistryOptions) {
  const { context, publish, output, folder, registry, image: name } = await createArchiveWorld(options);
  const image = release(1);
  publish(image);
  const { digest: manifest } = image.manifestFor(amd64);
  for (const about of [image.digest, manifest]) {
    publishAttestation(about);
    const bundles = [
      ...['one', 'two', 'three'].map((text) => bundle(`${text} about ${about}`)),
      bundle('the same', V01),
    ];
    publishBundles(registry, repository, about, bundles, options.referrersApi ? undefined : referrersTag(about));
  }
  await prepareArchive(context, { platforms: [amd64], output, toolVersion: '0' });
  const archive = await openArchive(join(folder, 'amd64.tar'));
  onTestFinished(() => archive.close());

  function publishAttestation(about: Digest): void {
    const statement = JSON.stringify({ subject: [{ digest: { sha256: about.slice(7) } }] });
    const envelope = Buffer.from(JSON.stringify({ payload: Buffer.from(statement).toString('base64') }));
    const config = Buffer.from('{}');
    for (const blob of [config, envelope]) registry.putBlob(repository, blob);
    const describe = (bytes: Buffer) => ({ mediaType: DSSE, digest: digestOf(bytes), size: bytes.length });
    const annotations = { 'dev.sigstore.cosign/certificate': `certificate of ${about}` };
    const layers = [{ ...describe(envelope), annotations }];
    const { ociManifest: mediaType } = mediaTypes;
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config: describe(config), layers }));
    registry.putManifest(repository, bytes, mediaType, signatureTag(about).replace(/sig$/, 'att'));
  }

  const reference = parseReference(name);
  return { context, published: image, manifest, archive, reference };
}

describe('what prepareArchive writes is read here', () => {
  it.each<[string, TestRegistryOptions]>([
    ['with the referrers API', { referrersApi: {} }],
    ['without it', {}],
  ])(
    'bad input 153: attestations and bundles of image and index and all, from a registry %s',
    async (_name, options) => {
      const { archive, published, manifest, reference, context } = await prepare(options);
      expect(archive).toMatchObject({ digest: published.digest, platforms: [amd64] });
      await archive.prove(published.digest);
      for (const about of [published.digest, manifest]) {
        const there = await context.source.findBundles(reference, about);
        const here = await archive.findBundles(reference, about);
        expect(here).toEqual(expect.arrayContaining([...there]));
        expect(byDigest(here)).toEqual(byDigest(there));
        expect(here).toHaveLength(4);
        expect(here.map(({ mediaType }) => mediaType)).toContain(V01);
        const attestations = await archive.findAttestations(reference, about);
        expect(attestations).toEqual(await context.source.findAttestations(reference, about));
        expect(attestations).toMatchObject([{ certificate: `certificate of ${about}` }]);
      }
      const other = published.manifests.find(({ digest }) => digest !== manifest)?.digest as Digest;
      expect(await archive.findBundles(reference, other)).toEqual([]);
      expect(await archive.findAttestations(reference, other)).toEqual([]);
    },
  );
});
