import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseJson, parsePublicKey, parseReference, pinnedLog, verifySignatures } from '@dangerzone-image/core';
import { createTestSigner } from '@dangerzone-image/core/testing';
import { describe, expect, it } from 'vitest';
import { cosignSignatures } from './cosign-signatures.ts';

const releases = join(import.meta.dirname, '../../../../../shared/fixtures/dangerzone-releases');
const isThere = existsSync(releases);
if (!isThere) console.warn('no ../shared/fixtures/dangerzone-releases: cosign’s own bytes are not compared');

describe('cosignSignatures', () => {
  it.skipIf(!isThere)('gives the bytes that cosign wrote, of real releases', () => {
    const key = parsePublicKey(readFileSync(join(releases, 'freedomofpress-dangerzone.pub')), 'key');
    const log = pinnedLog(parsePublicKey(readFileSync(join(releases, 'rekor.pub')), 'log'));
    const manifests = globSync(join(releases, '*/*/MANIFEST'));
    expect(manifests.length).toBeGreaterThanOrEqual(9);
    for (const path of manifests) {
      const read = (name: string) => readFileSync(join(dirname(path), name));
      const { name, digest } = parseReference(read('IMAGE').toString().trim());
      const [layer] = JSON.parse(read('MANIFEST').toString()).layers;
      const bundle = layer.annotations['dev.sigstore.cosign/bundle'];
      const found = {
        payload: read('PAYLOAD_BLOB'),
        signature: layer.annotations['dev.cosignproject.cosign/signature'],
        bundle: parseJson(Buffer.from(bundle), { where: 'bundle', code: 'SIGNATURE_MALFORMED' }),
      };
      const trust = { image: name, keys: [key], threshold: 1, logs: [log] };
      const { manifest, blobs } = cosignSignatures(verifySignatures([found], digest as `sha256:${string}`, trust));
      expect(Buffer.from(manifest.bytes).toString()).toBe(read('MANIFEST').toString());
      expect(Buffer.from(blobs[0]?.bytes ?? []).toString()).toBe(read('CONFIG_BLOB').toString());
      expect(blobs[1]?.bytes).toEqual(read('PAYLOAD_BLOB'));
    }
  });

  it('has the signatures that count and no other', () => {
    const image = 'registry.example.org/team/sandbox';
    const digest = `sha256:${'a'.repeat(64)}` as const;
    const [signer, foreign] = [createTestSigner({ image }), createTestSigner({ image })];
    const key = parsePublicKey(Buffer.from(signer.publicKeyPem), 'key');
    const log = pinnedLog(parsePublicKey(Buffer.from(signer.logPublicKeyPem), 'log'));
    const found = [foreign, signer, signer].map((by) => {
      const { payload, signature, bundle } = by.sign({ image, digest });
      const parsed = parseJson(Buffer.from(JSON.stringify(bundle)), { where: 'bundle', code: 'SIGNATURE_MALFORMED' });
      return { payload: Buffer.from(payload), signature, bundle: parsed };
    });
    const signed = verifySignatures(found, digest, { image, keys: [key], threshold: 1, logs: [log] });
    const { manifest, blobs } = cosignSignatures(signed);
    const turned = found.map((one) => ({ ...one, bundle: withMembersTurned(one.bundle) }));
    const again = verifySignatures(turned, digest, { image, keys: [key], threshold: 1, logs: [log] });
    expect(cosignSignatures(again).manifest.digest).toBe(manifest.digest); // whatever JSON the registry wrote
    const { layers, config } = JSON.parse(Buffer.from(manifest.bytes).toString());
    expect(layers).toHaveLength(2);
    expect(config.digest).toBe(blobs[0]?.digest);
    expect(layers.map((layer: { digest: string }) => layer.digest)).toEqual(blobs.slice(1).map((blob) => blob.digest));
  });
});

function withMembersTurned(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const turned = Object.entries(value).reverse();
  return Object.fromEntries(turned.map(([key, member]) => [key, withMembersTurned(member)]));
}
