import { describe, expect, it } from 'vitest';
import { digestOf, hexOf } from '../oci/digest.ts';
import { signatureStatement } from '../testing/test-bundle.ts';
import { createTestSigner } from '../testing/test-signer.ts';
import { parsePublicKey } from '../trust/public-key.ts';
import {
  accept,
  byCertificate,
  byKey,
  changed,
  digest,
  documentOfImage,
  inV2,
  outcome,
  signer,
  theirKey,
  trust,
} from './bundle-world.test-support.ts';

const other = digestOf(Buffer.from('another image'));
const saying = (members: Record<string, unknown>) =>
  byKey({ content: { payload: signatureStatement(digest, members) } });
const bytes = (payload: Uint8Array | string) => byKey({ content: { payload: Buffer.from(payload) } });
const named = (...digests: unknown[]) => saying({ subject: digests });
const sha256 = (hex: string) => ({ name: 'image', digest: { sha256: hex } });
const text = signatureStatement(digest).toString();

describe('what a bundle says of an image', () => {
  it.each<[string, ReturnType<typeof byKey>, string]>([
    ['92: provenance', saying({ predicateType: 'https://slsa.dev/provenance/v1' }), 'statement-other-type'],
    ['92: a list of parts', saying({ predicateType: 'https://spdx.dev/Document' }), 'statement-other-type'],
    [
      '92: the right predicate and more',
      saying({ predicateType: 'https://sigstore.dev/cosign/sign/v1/' }),
      'statement-other-type',
    ],
    [
      '92: the right predicate in upper case',
      saying({ predicateType: 'https://sigstore.dev/cosign/sign/V1' }),
      'statement-other-type',
    ],
    ['92: no predicate type', saying({ predicateType: undefined }), 'statement-malformed'],
    [
      '92: the right predicate in an older statement',
      saying({ _type: 'https://in-toto.io/Statement/v0.1' }),
      'statement-other-type',
    ],
    ['92: an unknown statement', saying({ _type: 'https://in-toto.io/Statement/v2' }), 'statement-malformed'],
    ['100: another image', byKey({ content: { payload: signatureStatement(other) } }), 'statement-other-digest'],
    [
      '101: an image by its name',
      saying({ subject: [{ name: digest, digest: { sha256: hexOf(other) } }] }),
      'statement-other-digest',
    ],
    [
      '101: an image by another hash',
      named({ name: 'image', digest: { sha512: hexOf(digest) } }),
      'statement-other-digest',
    ],
    ['101: an image by a hash in upper case', named(sha256(hexOf(digest).toUpperCase())), 'statement-other-digest'],
    ['101: an image by a digest with its algorithm', named(sha256(digest)), 'statement-other-digest'],
    ['101: an image by an inherited hash', named({ name: 'image', digest: {} }), 'statement-other-digest'],
    ['101: nothing', named(), 'statement-other-digest'],
    ['101: no subject', saying({ subject: undefined }), 'statement-malformed'],
    ['101: null', named(null), 'statement-malformed'],
    ['101: null beside the image', named(sha256(hexOf(digest)), null), 'statement-malformed'],
    ['101: a subject that is no list', saying({ subject: sha256(hexOf(digest)) }), 'statement-malformed'],
    ['101: 1025 subjects', named(...Array.from({ length: 1025 }, () => sha256(hexOf(digest)))), 'statement-malformed'],
    ['99: no JSON', bytes('hello'), 'statement-malformed'],
    ['99: JSON and more', bytes(`${text}x`), 'statement-malformed'],
    [
      '99: JSON in Latin-1',
      bytes(Buffer.from(text.replace('"name":""', '"name":"\u00e9"'), 'latin1')),
      'statement-malformed',
    ],
    ['two subjects members', bytes(text.replace('"subject":', '"subject":[],"subject":')), 'statement-malformed'],
    [
      'two subjects members but for their case',
      bytes(text.replace('"subject":', '"Subject":[],"subject":')),
      'statement-malformed',
    ],
    [
      'a subject by its prototype',
      bytes(text.replace('"subject":', '"__proto__":{"subject":').replace(']', ']}')),
      'statement-malformed',
    ],
  ])('bad input %s is no signature', (_, bundle, reason) => expect(outcome(bundle)).toBe(reason));

  it.each([
    ['the second of many', [sha256(hexOf(other)), sha256(hexOf(digest))]],
    ['the last of 1024', [...Array.from({ length: 1023 }, () => sha256(hexOf(other))), sha256(hexOf(digest))]],
    ['named beside another hash', [{ name: 'image', digest: { sha512: 'ab', sha256: hexOf(digest) } }]],
  ])('bad input 101: the image may be %s', (_, subject) => expect(outcome(saying({ subject }))).toBe('accepted'));

  it.each([
    'application/vnd.in-toto+json ',
    'application/vnd.in-toto+JSON',
    'application/vnd.in-toto+json; charset=utf-8',
    'application/json',
    '',
    'application/vnd.in-toto+json\u0000',
    'application/vnd.\u0269n-toto+json',
    'application/vnd.in-toto.provenance+dsse',
  ])('bad input 103: a payload type %j is none of ours, though it was signed', (payloadType) => {
    expect(outcome(byKey({ content: { payload: signatureStatement(digest), payloadType } }))).toBe(
      'statement-other-type',
    );
  });

  it('bad input 103: a payload type of other characters that hash alike does not pass for ours', () => {
    // An encoder that keeps the low byte alone takes U+0161 for "a": the signature would hold for both texts.
    const alike = `\u0161${'application/vnd.in-toto+json'.slice(1)}`;
    const bundle = changed(byKey(), ({ dsseEnvelope }) => {
      Object.assign(dsseEnvelope ?? {}, { payloadType: alike });
    });
    expect(outcome(bundle)).toBe('statement-other-type');
  });

  it('bad input 102: a payload that was changed after it was signed is refused', () => {
    const bundle = changed(byKey({ content: { payload: signatureStatement(other) } }), ({ dsseEnvelope }) => {
      Object.assign(dsseEnvelope ?? {}, { payload: signatureStatement(digest).toString('base64') });
    });
    expect(outcome(bundle)).toBe('signature-mismatch');
  });

  it('bad input 102: a signature over the payload alone, without its type, is refused', () => {
    const bare = byKey({ content: { message: signatureStatement(digest) } });
    const bundle = changed(byKey(), (copy) => {
      Object.assign(copy.dsseEnvelope?.signatures[0] ?? {}, { sig: bare.messageSignature?.signature });
    });
    expect(outcome(bundle)).toBe('signature-mismatch');
    expect(outcome(bundle, { logEntry: 'not-required' })).toBe('signature-mismatch');
  });

  it.each([
    ['key', byKey],
    ['certificate', (request: object) => byCertificate({}, request)],
  ] as const)('bad input 51: a message signature by %s counts for the bytes that it is over', (_, by) => {
    for (const log of [{}, inV2()]) {
      const good = by({ content: { message: documentOfImage }, ...log });
      expect(outcome(good)).toBe('accepted');
      expect(outcome(good, {}, other)).toBe('bundle-needs-document');
      expect(outcome(by({ content: { message: Buffer.from('another') }, ...log }))).toBe('signature-mismatch');
      const digests = [digestOf(Buffer.from('another')), digest].map((each) =>
        Buffer.from(hexOf(each), 'hex').toString('base64'),
      );
      const claimed = by({ content: { message: Buffer.from('another') }, ...log });
      const relabelled = changed(claimed, ({ messageSignature }) => {
        Object.assign(messageSignature?.messageDigest ?? {}, { digest: digests[1] });
      });
      expect(outcome(relabelled)).toMatch(/^(?:signature-foreign|signature-mismatch|log-entry-mismatch)$/);
      const mislabelled = changed(good, ({ messageSignature }) => {
        Object.assign(messageSignature?.messageDigest ?? {}, { digest: digests[0] });
      });
      expect(outcome(mislabelled)).toBe('signature-mismatch');
    }
  });

  it.each(['SHA2_384', 'SHA2_512', 'SHA3_256', 'HASH_ALGORITHM_UNSPECIFIED', 'SM3', '1'])(
    'bad input 62: a message signature that says its hash is %s is refused',
    (algorithm) => {
      const bundle = changed(byKey({ content: { message: documentOfImage } }), ({ messageSignature }) => {
        Object.assign(messageSignature?.messageDigest ?? {}, { algorithm });
      });
      expect(outcome(bundle)).toBe('bundle-malformed');
    },
  );
});

describe('who may say it', () => {
  it.each<[string, ReturnType<typeof byKey>]>([
    ['in v1', byKey()],
    ['in v2', byKey(inV2())],
    ['over the manifest', byKey({ content: { message: documentOfImage } })],
  ])('a key only where it signs nothing else: a bundle %s', (_, bundle) => {
    expect(outcome(bundle, { dedicatedKeys: false })).toBe('bundle-key-not-dedicated');
    expect(outcome(bundle, { dedicatedKeys: undefined as never })).toBe('bundle-key-not-dedicated');
  });

  it('an identity without that: its certificate says who signed', () => {
    expect(outcome(byCertificate(), { dedicatedKeys: false })).toBe('accepted');
    expect(outcome(byCertificate(), { dedicatedKeys: false, keys: [] })).toBe('accepted');
    expect(outcome(byCertificate(), { identities: [] })).toBe('signature-foreign');
    expect(outcome(byCertificate(), { identities: undefined as never })).toBe('signature-foreign');
  });

  it('nobody else', () => {
    expect(outcome(byKey({ by: theirKey }))).toBe('signature-foreign');
    expect(outcome(byKey({ by: theirKey, ...inV2() }))).toBe('signature-foreign');
    expect(outcome(byKey(), { keys: [] })).toBe('signature-foreign');
  });

  it('one of several keys', () => {
    const more = parsePublicKey(Buffer.from(createPem()), 'another');
    expect(accept(byKey(), { keys: [more, ...trust.keys] }).key).toBe(signer.fingerprint);
  });
});

function createPem(): string {
  return createTestSigner().publicKeyPem;
}
