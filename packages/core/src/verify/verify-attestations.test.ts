import { describe, expect, it } from 'vitest';
import { digestOf, hexOf } from '../oci/digest.ts';
import { extension, sequence } from '../testing/der.ts';
import { createTestAttester, type TestStatement } from '../testing/test-attester.ts';
import { BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE } from '../testing/test-authority.ts';
import { bundleDocument, signatureStatement, type TestBundle } from '../testing/test-bundle.ts';
import { createTestCertificateLog } from '../testing/test-certificate-log.ts';
import { parseTrustedRoot } from '../trust/trusted-root.ts';
import {
  trust as bundleTrust,
  byCertificate,
  byKey,
  digest,
  documentOfImage,
  inV2,
  job,
  key,
  signer,
  theirKey,
  time,
  v2,
} from './bundle-world.test-support.ts';
import type { LegacyAttestation } from './legacy-attestation.ts';
import { type FoundAttestation, verifyAttestations } from './verify-attestations.ts';

const predicateType = 'https://slsa.dev/provenance/v1';
const predicate = { buildDefinition: {} };
const other = digestOf(Buffer.from('another image'));
const attester = createTestAttester();
const root = parseTrustedRoot(attester.trustedRoot, 'of the attester');
const legacyTrust = { keys: [key], logs: root.logs, root };

const content = (members: object = {}) => ({
  content: { payload: signatureStatement(digest, { predicateType, predicate, ...members }) },
});
const legacy = (its: Partial<TestStatement> = {}): LegacyAttestation =>
  attester.attest({ digest, predicateType, predicate, signer: signer.privateKey, time, ...its });

function outcome(found: FoundAttestation | TestBundle, its: object = {}, of = digest): string {
  const attestation = 'verificationMaterial' in found ? bundleDocument(found) : found;
  const trust = { ...('envelope' in attestation ? legacyTrust : bundleTrust), ...its };
  const { verified, refused } = verifyAttestations([attestation], of, trust);
  return refused[0]?.reason ?? (verified.length === 1 ? 'verified' : 'lost');
}

describe('an attestation as it should be', () => {
  it.each<[string, FoundAttestation | TestBundle, object]>([
    ['a bundle by key, in v1', byKey(content()), { kind: 'key', key: key.fingerprint }],
    ['a bundle by key, in v2', byKey({ ...content(), ...inV2() }), { kind: 'key', key: key.fingerprint }],
    ['a bundle by certificate, in v1', byCertificate({}, content()), { kind: 'certificate' }],
    ['a bundle by certificate, in v2', byCertificate({}, { ...content(), ...inV2() }), { kind: 'certificate' }],
    ['cosign’s legacy form, by key', legacy(), { kind: 'key', key: key.fingerprint }],
    ['cosign’s legacy form, by certificate', legacy({ signer: job }), { kind: 'certificate' }],
  ])('is evidence of what it says: %s', (_, found, who) => {
    const attestation = 'verificationMaterial' in found ? bundleDocument(found) : found;
    const { verified, refused } = verifyAttestations(
      [attestation],
      digest,
      'envelope' in attestation ? legacyTrust : bundleTrust,
    );
    expect(refused).toEqual([]);
    expect(verified).toMatchObject([
      {
        digest,
        statementType: 'https://in-toto.io/Statement/v1',
        predicateType,
        predicate,
        signer: who,
        log: { time },
      },
    ]);
  });

  it('is told apart from those beside it that are none', () => {
    const found = [
      bundleDocument(byKey({ ...content(), by: theirKey })),
      bundleDocument(byKey(content())),
      legacy({ digest: other }),
    ];
    const { verified, refused } = verifyAttestations(found, digest, {
      ...bundleTrust,
      logs: [...bundleTrust.logs, ...root.logs],
    });
    expect(verified).toHaveLength(1);
    expect(refused.map(({ reason }) => reason)).toEqual(['signature-foreign', 'statement-other-digest']);
  });
});

const text = (found: LegacyAttestation) => Buffer.from(found.envelope).toString();
const withText = (found: LegacyAttestation, change: (text: string) => string): LegacyAttestation => {
  const envelope = Buffer.from(change(text(found)));
  if (envelope.equals(Buffer.from(found.envelope))) throw new TypeError('nothing changed');
  return { ...found, envelope };
};
const withSignatures = (found: LegacyAttestation, change: (signatures: object[]) => object[]) =>
  withText(found, (before) => {
    const envelope = JSON.parse(before);
    return JSON.stringify({ ...envelope, signatures: change(envelope.signatures) });
  });

describe('an attestation as it must not be', () => {
  it.each<[string, FoundAttestation | TestBundle, string]>([
    [
      '99: with a payload that is no JSON',
      byKey({ content: { payload: Buffer.from('hello') } }),
      'statement-malformed',
    ],
    [
      '99: with a payload that is no statement',
      byKey({ content: { payload: Buffer.from('{}') } }),
      'statement-malformed',
    ],
    [
      '100: about another image',
      byKey({ content: { payload: signatureStatement(other, { predicateType }) } }),
      'statement-other-digest',
    ],
    ['100: about another image, in the legacy form', legacy({ digest: other }), 'statement-other-digest'],
    [
      '101: about an image by its name',
      byKey(content({ subject: [{ name: digest, digest: { sha256: hexOf(other) } }] })),
      'statement-other-digest',
    ],
    [
      '101: about an image by another hash',
      legacy({ statement: { subject: [{ name: 'i', digest: { sha512: hexOf(digest) } }] } }),
      'statement-other-digest',
    ],
    ['101: about nothing', legacy({ statement: { subject: [] } }), 'statement-other-digest'],
    ['101: about null', legacy({ statement: { subject: [null] } }), 'statement-malformed'],
    [
      '101: about 10 000 images',
      legacy({ statement: { subject: Array.from({ length: 10_000 }, () => ({ digest: { sha256: hexOf(digest) } })) } }),
      'statement-malformed',
    ],
    [
      '102: with another payload',
      withText(legacy({ digest: other }), (before) => before.replace(payloadOf(before), payloadOf(text(legacy())))),
      'signature-mismatch',
    ],
    [
      '103: with a payload type of another kind',
      byKey({ content: { ...content().content, payloadType: 'application/json' } }),
      'statement-other-type',
    ],
    [
      '103: with a payload type of another kind, in the legacy form',
      legacy({ payloadType: 'application/vnd.in-toto+json;' }),
      'statement-other-type',
    ],
    [
      '103: with a payload type of characters that hash alike',
      withText(legacy(), (before) => before.replace('application/vnd', '\u0161pplication/vnd')),
      'statement-other-type',
    ],
    [
      '103: that signs bytes and says nothing',
      byKey({ content: { message: documentOfImage } }),
      'statement-other-type',
    ],
    ['104: with no signature', withSignatures(legacy(), () => []), 'bundle-malformed'],
    [
      '104: with two signatures, the good one first',
      withSignatures(legacy(), (all) => [...all, { sig: 'AAAA' }]),
      'bundle-malformed',
    ],
    [
      '104: with two signatures, the good one last',
      withSignatures(legacy(), (all) => [{ sig: 'AAAA' }, ...all]),
      'bundle-malformed',
    ],
    [
      '104: with an unknown member in its signature',
      withSignatures(legacy(), (all) => all.map((one) => ({ ...one, cert: 'x' }))),
      'bundle-malformed',
    ],
    [
      '105: of an unknown version',
      legacy({ statement: { _type: 'https://in-toto.io/Statement/v2' } }),
      'statement-malformed',
    ],
    [
      'with its payload twice',
      withText(legacy(), (before) => before.replace('"payload":', '"payload":"AAAA","payload":')),
      'bundle-malformed',
    ],
    ['that is no JSON', { ...legacy(), envelope: Buffer.from('hello') }, 'bundle-malformed'],
    ['that is empty', { ...legacy(), envelope: Buffer.alloc(0) }, 'bundle-malformed'],
    ['65: without a log entry', { ...legacy(), bundle: undefined }, 'log-entry-missing'],
    [
      '66: with the log entry of another',
      { ...legacy(), bundle: legacy({ predicate: {} }).bundle },
      'log-entry-mismatch',
    ],
    [
      '66: with the log entry of a stranger',
      { ...legacy(), bundle: legacy({ signer: theirKey.privateKey }).bundle },
      'log-entry-mismatch',
    ],
    [
      '70: in an unknown log',
      createTestAttester().attest({ digest, predicateType, predicate, signer: signer.privateKey, time }),
      'log-unknown',
    ],
    ['by a stranger', legacy({ signer: theirKey.privateKey }), 'signature-foreign'],
    [
      '113: with a certificate that had expired',
      legacy({ signer: { ...job, notAfter: new Date(time.getTime() - 1) } }),
      'certificate-invalid',
    ],
    ['113: with a certificate by an unknown authority', createForeign(), 'authority-unknown'],
    [
      '114: with a certificate of which nothing tells when it was used',
      byCertificate({}, { ...content(), log: v2 }),
      'timestamp-invalid',
    ],
    [
      '115: with a certificate that no log promised to take',
      legacy({ signer: { ...job, logs: [] } }),
      'certificate-invalid',
    ],
    [
      '115: with a certificate that an unknown log promised to take',
      legacy({ signer: { ...job, logs: [createTestCertificateLog()] } }),
      'certificate-invalid',
    ],
    [
      '116: with a certificate that is for something else',
      legacy({ signer: { ...job, replaced: { [EXTENDED_KEY_USAGE]: undefined } } }),
      'certificate-invalid',
    ],
    [
      '116: with a certificate of an authority',
      legacy({
        signer: {
          ...job,
          replaced: { [BASIC_CONSTRAINTS]: extension(BASIC_CONSTRAINTS, sequence(Buffer.of(1, 1, 0xff)), true) },
        },
      }),
      'certificate-invalid',
    ],
    ['117: with two certificates', twoCertificates(), 'certificate-invalid'],
    [
      '117: with a certificate that is none',
      { ...legacy({ signer: job }), certificate: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' },
      'certificate-invalid',
    ],
    [
      '117: with a public key for a certificate',
      { ...legacy({ signer: job }), certificate: signer.publicKeyPem },
      'certificate-invalid',
    ],
    ['117: with an empty certificate', { ...legacy({ signer: job }), certificate: '' }, 'certificate-invalid'],
    [
      '117: with another certificate of the same name',
      { ...legacy({ signer: job }), certificate: legacy({ signer: job }).certificate },
      'signature-mismatch',
    ],
    [
      '118: with an entry of an unknown kind',
      entered({ kind: 'rekord', apiVersion: '0.0.1', spec: {} }),
      'log-entry-unsupported',
    ],
    [
      '118: with an entry of an unknown version',
      entered({ kind: 'intoto', apiVersion: '0.0.3', spec: {} }),
      'log-entry-unsupported',
    ],
    [
      '118: with an entry of a kind called constructor',
      entered({ kind: 'constructor', apiVersion: '', spec: {} }),
      'log-entry-unsupported',
    ],
    ['118: with an entry that has no kind', entered({}), 'log-entry-malformed'],
    ['118: with an entry that is no object', entered([]), 'log-entry-malformed'],
  ])('bad input %s', (_, found, reason) => expect(outcome(found)).toBe(reason));

  it('says of which image it is asked: one digest is not proven by the other of an image', () => {
    expect(outcome(legacy(), {}, other)).toBe('statement-other-digest');
    expect(outcome(byKey(content()), {}, other)).toBe('statement-other-digest');
  });
});

describe('bad input 118: the log entry of older provenance, intoto 0.0.1', () => {
  const { createHash } = { createHash: (bytes: Uint8Array) => hexOf(digestOf(bytes)) };
  const one = legacy();
  const spec = (its: object = {}) => ({
    content: {
      hash: { algorithm: 'sha256', value: createHash(one.envelope) },
      payloadHash: { algorithm: 'sha256', value: createHash(Buffer.from(payloadOf(text(one)), 'base64')) },
    },
    publicKey: Buffer.from(signer.publicKeyPem).toString('base64'),
    ...its,
  });
  const withSpec = (its: object = {}) => ({
    ...one,
    bundle: attester.log.enter(canonical({ apiVersion: '0.0.1', kind: 'intoto', spec: spec(its) }), { time }),
  });

  it('is taken where it has the envelope, the payload and the key', () => expect(outcome(withSpec())).toBe('verified'));

  it.each<[string, object]>([
    [
      'another envelope',
      { content: { ...spec().content, hash: { algorithm: 'sha256', value: createHash(Buffer.from('x')) } } },
    ],
    [
      'another payload',
      { content: { ...spec().content, payloadHash: { algorithm: 'sha256', value: createHash(Buffer.from('x')) } } },
    ],
    ['no payload', { content: { hash: spec().content.hash } }],
    ['another key', { publicKey: Buffer.from('another').toString('base64') }],
    ['a member more', { more: 1 }],
  ])('is refused with %s', (_, its) => expect(outcome(withSpec(its))).toBe('log-entry-mismatch'));

  it('is refused where the envelope is spelled in another way than it was logged', () => {
    const spaced = { ...withSpec(), envelope: Buffer.from(`${text(one)}\n`) };
    expect(outcome(spaced)).toBe('log-entry-mismatch');
  });

  it('is refused where the log did not promise it: the library does not read this kind', () => {
    const { bundle, ...rest } = withSpec();
    const forged = { ...rest, bundle: { ...bundle, Payload: { ...bundle.Payload, logIndex: 1 } } };
    expect(outcome(forged)).toBe('log-promise-invalid');
    const another = {
      ...rest,
      bundle: {
        ...bundle,
        SignedEntryTimestamp: legacy().bundle ? (legacy().bundle as typeof bundle).SignedEntryTimestamp : '',
      },
    };
    expect(outcome(another)).toBe('log-promise-invalid');
  });

  it('is refused where it names a log of Rekor v2: that promises nothing, and its key is of another kind', () => {
    const { bundle, ...rest } = withSpec();
    const forged = { ...rest, bundle: { ...bundle, Payload: { ...bundle.Payload, logID: v2.id } } };
    expect(outcome(forged, { logs: [...root.logs, ...bundleTrust.logs] })).toBe('log-promise-invalid');
  });
});

function canonical({ apiVersion, kind, spec }: { apiVersion: string; kind: string; spec: object }): Buffer {
  return Buffer.from(JSON.stringify({ apiVersion, kind, spec }));
}

function payloadOf(envelope: string): string {
  return JSON.parse(envelope).payload;
}

function entered(body: unknown): LegacyAttestation {
  return { ...legacy(), bundle: attester.log.enter(Buffer.from(JSON.stringify(body)), { time }) };
}

function twoCertificates(): LegacyAttestation {
  const one = legacy({ signer: job });
  return { ...one, certificate: `${one.certificate}${one.certificate}` };
}

/** By another authority, in our log. */
function createForeign(): LegacyAttestation {
  return createTestAttester(attester.log).attest({ digest, predicateType, predicate, signer: job, time });
}
