import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bundleDocument, type TestBundle } from '../testing/test-bundle.ts';
import { parsePublicKey } from '../trust/public-key.ts';
import {
  accept,
  byCertificate,
  byKey,
  changed,
  digest,
  documentOfImage,
  identity,
  inV2,
  key,
  outcome,
  time,
  v1,
  v2,
} from './bundle-world.test-support.ts';

const message = { content: { message: documentOfImage } };

describe('a bundle as it should be', () => {
  it.each<[string, TestBundle, object]>([
    ['by key, in v1', byKey(), { key: key.fingerprint }],
    ['by key, in v1, of the first version', byKey({ version: '0.1' }), { key: key.fingerprint }],
    [
      'by key, in v1, of the first version, with a proof that has no checkpoint',
      withBareProof(),
      { key: key.fingerprint },
    ],
    ['by key, in v1, of the second version', byKey({ version: '0.2' }), { key: key.fingerprint }],
    ['by key, in v1 as intoto', byKey({ kind: { kind: 'intoto', version: '0.0.2' } }), { key: key.fingerprint }],
    ['by key over the manifest, in v1', byKey(message), { key: key.fingerprint }],
    ['by certificate, in v1', byCertificate(), { identity }],
    ['by certificate, in v1, of the second version', byCertificate({}, { version: '0.2' }), { identity }],
    ['by certificate over the manifest, in v1', byCertificate({}, message), { identity }],
  ])('%s', (_, bundle, who) => {
    const index = Number(bundle.verificationMaterial.tlogEntries[0]?.logIndex);
    expect(accept(bundle)).toEqual({ verdict: 'accepted', digest, ...who, log: { id: v1.id, index, time } });
  });
  it.each<[string, TestBundle, object]>([
    ['by key, in v2', byKey(inV2()), { key: key.fingerprint }],
    ['by key, in v2 as dsse', byKey({ ...inV2(), kind: { kind: 'dsse', version: '0.0.2' } }), { key: key.fingerprint }],
    ['by key over the manifest, in v2', byKey({ ...message, ...inV2() }), { key: key.fingerprint }],
    ['by certificate, in v2', byCertificate({}, inV2()), { identity }],
    ['by certificate over the manifest, in v2', byCertificate({}, { ...message, ...inV2() }), { identity }],
  ])('%s', (_, bundle, who) => {
    const index = Number(bundle.verificationMaterial.tlogEntries[0]?.logIndex);
    expect(accept(bundle)).toEqual({ verdict: 'accepted', digest, ...who, log: { id: v2.id, index, time } });
  });
});

it('by an RSA key, in both versions of Rekor', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const rsa = parsePublicKey(Buffer.from(publicKey.export({ type: 'spki', format: 'pem' })), 'of the test');
  const body = (text: string) => text.replace('PKIX_ECDSA_P256_SHA_256', 'PKIX_RSA_PKCS1V15_2048_SHA256');
  for (const request of [{}, { ...inV2(), body }])
    expect(accept(byKey({ by: { privateKey }, ...request }), { keys: [rsa] })).toMatchObject({ key: rsa.fingerprint });
  expect(outcome(byKey({ by: { privateKey }, ...inV2() }), { keys: [rsa] })).toBe('log-entry-mismatch');
});

it.each([
  [1024 * 1024, 'accepted'],
  [1024 * 1024 + 1, 'bundle-malformed'],
])('bad input 16: of %i bytes, for nobody signs what stands around a signature', (length, expected) => {
  const { mediaType, bytes } = bundleDocument(byKey());
  expect(outcome({ mediaType, bytes: Buffer.concat([bytes, Buffer.alloc(length - bytes.length, ' ')]) })).toBe(
    expected,
  );
});

/** What older tools wrote: a proof that proves nothing, beside the promise that counts. */
function withBareProof(): TestBundle {
  return changed(
    byKey({ version: '0.1' }),
    ({
      verificationMaterial: {
        tlogEntries: [entry],
      },
    }) => {
      Object.assign(entry?.inclusionProof ?? {}, { checkpoint: undefined, rootHash: 'AAAA' });
    },
  );
}
