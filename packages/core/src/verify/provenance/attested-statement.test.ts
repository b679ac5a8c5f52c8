import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CodedError } from '../../errors/coded-error.ts';
import type { Digest } from '../../oci/digest.ts';
import { der, extension, oid, sequence, utf8String } from '../../testing/der.ts';
import { githubJob, githubPredicate } from '../../testing/github-job.ts';
import { createTestAttester, type TestStatement } from '../../testing/test-attester.ts';
import { parsePublicKey } from '../../trust/public-key.ts';
import { pinnedLog } from '../../trust/transparency-log.ts';
import { parseTrustedRoot } from '../../trust/trusted-root.ts';
import type { LegacyAttestation } from '../legacy-attestation.ts';
import { attestationVerifier } from './attestation-verifier.ts';
import { parseExpectations } from './expectations.ts';
import { verifyProvenance } from './verify-provenance.ts';

const digest: Digest = `sha256:${'a'.repeat(64)}`;
const attester = createTestAttester();
const root = parseTrustedRoot(attester.trustedRoot, 'of the test');
const publisher = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const keyOf = (pair: typeof publisher) =>
  parsePublicKey(Buffer.from(pair.publicKey.export({ type: 'spki', format: 'pem' })), 'of the test');
const profile = {
  image: 'registry.example.org/sandbox',
  keys: [keyOf(publisher)],
  threshold: 1,
  logs: [pinnedLog(parsePublicKey(Buffer.from(attester.log.publicKeyPem), 'of the log'))],
};
const usual: TestStatement = {
  digest,
  predicateType: 'https://slsa.dev/provenance/v1',
  predicate: githubPredicate(),
  signer: githubJob(),
};

function attempt(found: LegacyAttestation, { trustedRoot = root, trust = profile } = {}) {
  const verify = attestationVerifier(trust, trustedRoot);
  const expected = parseExpectations({ repository: 'acme/sandbox' });
  try {
    return verifyProvenance([{ digest, documents: [found] }], { where: 'the image', expected, verify }).accepted;
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
}

const reasonOf = (outcome: ReturnType<typeof attempt>) =>
  outcome instanceof CodedError
    ? (outcome.details.attestations as { reason?: string; claim?: string }[]).map(
        ({ claim, reason }) => claim ?? reason,
      )[0]
    : outcome.verdict;

describe('an attestation in whole', () => {
  it('counts, signed with a certificate of a job', () => {
    expect(attempt(attester.attest(usual))).toMatchObject({
      verdict: 'accepted',
      identity: { issuer: 'https://token.actions.githubusercontent.com', subject: githubJob().signer },
      claims: { slsaLevel: 2 },
    });
  });

  it('counts, signed with a key of the profile, and is told as that', () => {
    const outcome = attempt(attester.attest({ ...usual, signer: publisher.privateKey }));
    expect(outcome).toMatchObject({ verdict: 'accepted', key: keyOf(publisher).fingerprint });
    expect(outcome).not.toHaveProperty('claims.slsaLevel');
    expect(outcome).not.toHaveProperty('identity');
  });

  it('rests on the trusted root for certificates and on the profile for keys, and on no mixture', () => {
    const [byJob, byKey] = [githubJob(), publisher.privateKey].map((signer) => attester.attest({ ...usual, signer }));
    const elsewhere = parseTrustedRoot(createTestAttester().trustedRoot, 'of another');
    const nothing = { ...profile, logs: [], keys: [] };
    expect(reasonOf(attempt(byJob as LegacyAttestation, { trust: nothing }))).toBe('accepted');
    expect(reasonOf(attempt(byJob as LegacyAttestation, { trustedRoot: elsewhere }))).toBe('log-unknown');
    expect(reasonOf(attempt(byKey as LegacyAttestation, { trustedRoot: elsewhere }))).toBe('accepted');
    expect(reasonOf(attempt(byKey as LegacyAttestation, { trust: nothing }))).toBe('signature-foreign');
    expect(reasonOf(attempt(byKey as LegacyAttestation, { trust: { ...profile, logs: [] } }))).toBe('log-unknown');
  });

  const sha256 = (hex: string) => [{ name: 'image', digest: { sha256: hex } }];
  const others = (count: number) => Array.from({ length: count }, () => sha256('b'.repeat(64))).flat();

  it.each<[string, string, Partial<TestStatement>]>([
    ['99: that is no JSON', 'statement-malformed', { payload: Buffer.from('provenance') }],
    ['99: that is no statement', 'statement-malformed', { payload: Buffer.from('[]') }],
    ['99: with a predicate that is none', 'predicate', { predicate: 'built by us' }],
    ['102: signed without its type', 'signature-mismatch', { signed: (payload) => payload }],
    ['100: about another image', 'statement-other-digest', { statement: { subject: sha256('b'.repeat(64)) } }],
    [
      '101: about it by name alone',
      'statement-other-digest',
      { statement: { subject: [{ name: digest, digest: {} }] } },
    ],
    [
      '101: about it by sha512 alone',
      'statement-other-digest',
      { statement: { subject: [{ name: 'image', digest: { sha512: 'a'.repeat(64) } }] } },
    ],
    [
      '101: about it as second of two',
      'accepted',
      { statement: { subject: [...others(1), ...sha256('a'.repeat(64))] } },
    ],
    ['101: about nothing', 'statement-other-digest', { statement: { subject: [] } }],
    ['101: about null', 'statement-malformed', { statement: { subject: [null] } }],
    [
      '101: about ten thousand',
      'statement-malformed',
      { statement: { subject: [...others(9999), ...sha256('a'.repeat(64))] } },
    ],
    ['103: of another payload type', 'statement-other-type', { payloadType: 'application/vnd.in-toto+jsоn' }],
    [
      '105: of no known statement type',
      'statement-malformed',
      { statement: { _type: 'https://in-toto.io/Statement/v2' } },
    ],
    ['105: of v0.2, in v1’s clothes', 'predicate', { predicateType: 'https://slsa.dev/provenance/v0.2' }],
    ['113: logged before its certificate', 'certificate-invalid', { time: new Date('2021-01-01') }],
    ['113: logged after its certificate', 'certificate-invalid', { time: new Date('2039-01-01') }],
    [
      '116: by a certificate not for code',
      'certificate-invalid',
      { signer: { ...githubJob(), replaced: { '2.5.29.37': undefined } } },
    ],
    [
      '116: by an authority’s own certificate',
      'certificate-invalid',
      { signer: { ...githubJob(), extensions: [extension('2.5.29.19', sequence(der(1, Buffer.of(0xff))), true)] } },
    ],
    [
      '116: by a certificate with an otherName',
      'certificate-invalid',
      { signer: { ...githubJob(), names: [der(0xa0, oid('1.3.6.1.4.1.57264.1.7'), der(0xa0, utf8String('x')))] } },
    ],
    [
      '116: by a certificate with two names',
      'certificate-invalid',
      {
        signer: {
          ...githubJob(),
          names: [der(0x86, Buffer.from('https://a.example')), der(0x86, Buffer.from('https://b.example'))],
        },
      },
    ],
    [
      '116: by a certificate with a critical extension',
      'certificate-invalid',
      { signer: { ...githubJob(), extensions: [extension('1.2.3.4', sequence(oid('1.2.3')), true)] } },
    ],
  ])('bad input %s: %s', (_, reason, change) => {
    const outcome = attempt(attester.attest({ ...usual, ...change }));
    if (reason === 'statement-other-type') expect(outcome).toMatchObject({ code: 'PROVENANCE_MISSING' });
    else expect(reasonOf(outcome)).toBe(reason);
  });

  it('bad input 102: is refused after any change of a signed byte', () => {
    const { envelope, ...rest } = attester.attest(usual);
    const { payload, ...members } = JSON.parse(Buffer.from(envelope).toString());
    const bytes = Buffer.from(payload, 'base64');
    for (const at of [0, 40, 200, bytes.length >> 1, bytes.length - 1]) {
      const changed = Buffer.from(bytes.map((byte, position) => (position === at ? byte ^ 1 : byte)));
      const document = Buffer.from(JSON.stringify({ ...members, payload: changed.toString('base64') }));
      expect(attempt({ envelope: document, ...rest }), `byte ${at}`).toMatchObject({ code: 'PROVENANCE_REJECTED' });
    }
  });

  it.each([0, 2])('bad input 104: is refused with %i signatures', (count) => {
    const { envelope, ...rest } = attester.attest(usual);
    const { signatures, ...members } = JSON.parse(Buffer.from(envelope).toString());
    const document = Buffer.from(JSON.stringify({ ...members, signatures: Array(count).fill(signatures[0]) }));
    expect(reasonOf(attempt({ envelope: document, ...rest }))).toBe('bundle-malformed');
  });

  it('bad input 115: is refused where nobody logged its certificate, or a log that nobody knows', () => {
    const { ctlogs: _, ...without } = JSON.parse(attester.trustedRoot.toString());
    const other = JSON.parse(createTestAttester().trustedRoot.toString());
    for (const ctlogs of [[], other.ctlogs]) {
      const trustedRoot = parseTrustedRoot(Buffer.from(JSON.stringify({ ...without, ctlogs })), 'of the test');
      expect(reasonOf(attempt(attester.attest(usual), { trustedRoot }))).toBe('certificate-invalid');
    }
  });

  it('bad input 117: is refused where another authority gave the certificate', () => {
    const root = JSON.parse(attester.trustedRoot.toString());
    const { certificateAuthorities } = JSON.parse(createTestAttester().trustedRoot.toString());
    for (const authorities of [[], certificateAuthorities]) {
      const changed = Buffer.from(JSON.stringify({ ...root, certificateAuthorities: authorities }));
      expect(reasonOf(attempt(attester.attest(usual), { trustedRoot: parseTrustedRoot(changed, 'of the test') }))).toBe(
        'authority-unknown',
      );
    }
  });
});
