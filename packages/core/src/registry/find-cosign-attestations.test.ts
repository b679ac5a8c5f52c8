import { describe, expect, it } from 'vitest';
import { mediaTypes } from '../oci/descriptor.ts';
import { digestOf, hexOf } from '../oci/digest.ts';
import { parseReference } from '../oci/reference.ts';
import { startTestRegistry } from '../testing/test-registry.ts';
import { endlessBody, type FaultHook } from '../testing/test-registry-fault.ts';
import { openRegistry } from './open-registry.ts';
import { withoutPause } from './retry-policy.test-support.ts';

const repository = 'team/sandbox';
const reference = parseReference(`registry.example.org/${repository}`);
const digest = digestOf(Buffer.from('an image'));
const config = Buffer.from('{}');
const envelope = Buffer.from('{"payload":"e30="}');
const certificate = '-----BEGIN CERTIFICATE-----\n';
const annotations = {
  'dev.sigstore.cosign/certificate': certificate,
  'dev.sigstore.cosign/bundle': '{"Payload":{"logIndex":1}}',
};
const layer = { mediaType: mediaTypes.dsseEnvelope, digest: digestOf(envelope), size: envelope.length };

async function start(layers?: readonly object[], fault?: FaultHook) {
  const registry = await startTestRegistry(fault ? { fault } : {});
  const source = openRegistry({ origin: new URL(registry.origin), env: {}, retry: withoutPause });
  if (layers) {
    const manifest = {
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: { mediaType: mediaTypes.ociConfig, digest: digestOf(config), size: config.length },
      layers,
    };
    for (const blob of [config, envelope]) registry.putBlob(repository, blob);
    const bytes = Buffer.from(JSON.stringify(manifest));
    registry.putManifest(repository, bytes, mediaTypes.ociManifest, `sha256-${hexOf(digest)}.att`);
  }
  return { registry, find: () => source.findAttestations(reference, digest), [Symbol.asyncDispose]: registry.close };
}

describe('findAttestations', () => {
  it('finds what cosign wrote: envelope, certificate and log entry', async () => {
    await using started = await start([{ ...layer, annotations }, layer]);
    const found = await started.find();
    expect(found.map(({ certificate }) => certificate)).toEqual([certificate, undefined]);
    expect(found.map(({ bundle }) => JSON.stringify(bundle))).toEqual([
      annotations['dev.sigstore.cosign/bundle'],
      undefined,
    ]);
    expect(found.map((each) => Buffer.from(each.envelope))).toEqual([envelope, envelope]);
    expect(started.registry.requests).toHaveLength(2);
  });

  it('finds none where there is no such tag, and none in a manifest without one', async () => {
    for (const layers of [undefined, [], [{ ...layer, mediaType: mediaTypes.simpleSigning }]]) {
      await using started = await start(layers);
      expect(await started.find()).toEqual([]);
    }
  });

  it('keeps an attestation whose log entry does not parse, as one that verification refuses', async () => {
    const broken = { ...layer, annotations: { 'dev.sigstore.cosign/bundle': '{' } };
    await using started = await start([broken, layer]);
    expect((await started.find()).map(({ bundle }) => bundle)).toEqual([null, undefined]);
  });

  it('bad input 36: takes no certificate from a key that every object has', async () => {
    await using started = await start([{ ...layer, annotations: { constructor: 'x' } }]);
    expect(await started.find()).toMatchObject([{ certificate: undefined, bundle: undefined }]);
  });

  it.each([
    [
      'bad input 16: too large together',
      [
        { ...layer, size: 9 * 2 ** 20 },
        { ...layer, size: 9 * 2 ** 20 },
      ],
      'LIMIT_EXCEEDED',
    ],
    ['bad input 63: too many', Array(51).fill(layer), 'LIMIT_EXCEEDED'],
    ['bad input 38: of another size than told', [{ ...layer, size: 3 }], 'DIGEST_MISMATCH'],
  ])('refuses attestations: %s', async (_name, layers, code) => {
    await using started = await start(layers);
    await expect(started.find()).rejects.toMatchObject({ code });
  });

  it('bad input 16: refuses one that does not end', async () => {
    const fault = { headers: { 'content-length': undefined }, body: endlessBody('{') };
    await using started = await start([layer], ({ path }) => (path.includes('blobs') ? fault : undefined));
    await expect(started.find()).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  it.each([
    ['403', { status: 403 }, 'REGISTRY_DENIED'],
    ['500', { status: 500 }, 'REGISTRY_UNREACHABLE'],
    ['an index', { status: 200, body: '{"schemaVersion":2,"manifests":[]}' }, 'MANIFEST_INVALID'],
    ['no JSON', { status: 200, body: '{' }, 'MANIFEST_INVALID'],
  ])('never reads %s as "no attestations"', async (_name, fault, code) => {
    await using started = await start(undefined, () => fault);
    await expect(started.find()).rejects.toMatchObject({ code });
  });

  it('refuses other bytes than were named, and never reads missing ones as "no attestations"', async () => {
    for (const [fault, code] of [
      [{ body: '{}' }, 'DIGEST_MISMATCH'],
      [{ status: 404 }, 'IMAGE_NOT_FOUND'],
    ] as const) {
      await using started = await start([layer], ({ path }) => (path.includes('blobs') ? fault : undefined));
      await expect(started.find()).rejects.toMatchObject({ code });
    }
  });
});
