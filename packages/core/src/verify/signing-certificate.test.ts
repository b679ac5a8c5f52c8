import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { certify } from '../testing/certify.ts';
import { der, extension, name, oid, sequence, utf8String } from '../testing/der.ts';
import { BASIC_CONSTRAINTS, createTestAuthority, EXTENDED_KEY_USAGE, type TestJob } from '../testing/test-authority.ts';
import type { TestBundle } from '../testing/test-bundle.ts';
import { createTestCertificateLog } from '../testing/test-certificate-log.ts';
import { testTrustedRoot } from '../testing/test-trusted-root.ts';
import {
  accept,
  authority,
  byCertificate,
  byKey,
  changed,
  identity,
  inV2,
  job,
  outcome,
  rootMembers,
  signer,
  stamper,
  theirKey,
  time,
  trustIn,
  v1,
  v2,
} from './bundle-world.test-support.ts';

const uri = (text: string) => der(0x86, Buffer.from(text));
const email = (text: string) => der(0x81, Buffer.from(text));
const is = (its: Partial<TestJob>, expected = 'certificate-invalid') => {
  expect(outcome(byCertificate(its))).toBe(expected);
  expect(outcome(byCertificate(its, inV2()))).toBe(expected);
};
const yes = der(0x01, Buffer.of(0xff));

describe('a signing certificate', () => {
  it.each<[string, Partial<TestJob>]>([
    ['116: without extended key usage', { replaced: { [EXTENDED_KEY_USAGE]: undefined } }],
    [
      '116: for servers',
      { replaced: { [EXTENDED_KEY_USAGE]: extension(EXTENDED_KEY_USAGE, sequence(oid('1.3.6.1.5.5.7.3.1'))) } },
    ],
    [
      '116: for any use',
      { replaced: { [EXTENDED_KEY_USAGE]: extension(EXTENDED_KEY_USAGE, sequence(oid('2.5.29.37.0'))) } },
    ],
    ['116: of an authority', { replaced: { [BASIC_CONSTRAINTS]: extension(BASIC_CONSTRAINTS, sequence(yes), true) } }],
    ['116: with a critical extension that nobody knows', { extensions: [extension('1.2.3.4', sequence(), true)] }],
    ['116: with critical name constraints', { extensions: [extension('2.5.29.30', sequence(), true)] }],
    ['116: with the good name first of two', { names: [uri(identity.subject), uri('https://evil.example')] }],
    ['116: with the good name last of two', { names: [uri('https://evil.example'), uri(identity.subject)] }],
    ['116: with the good name twice', { names: [uri(identity.subject), uri(identity.subject)] }],
    ['116: with an e-mail address beside it', { names: [uri(identity.subject), email('a@example.org')] }],
    [
      '116: with another name',
      { names: [der(0xa0, oid('1.3.6.1.4.1.57264.1.7'), der(0xa0, utf8String(identity.subject)))] },
    ],
    ['116: with a DNS name', { names: [der(0x82, Buffer.from(identity.subject))] }],
    ['116: with a directory name', { names: [der(0xa4, name(identity.subject))] }],
    ['116: with no name', { names: [] }],
    ['116: without names', { replaced: { '2.5.29.17': undefined } }],
    ['116: with names twice', { extensions: [extension('2.5.29.17', sequence(uri('https://evil.example')))] }],
    ['116: with a NUL after its name', { names: [uri(`${identity.subject}\0.evil.example`)] }],
    ['116: with a line feed in its name', { names: [uri(`${identity.subject}\nx`)] }],
    ['116: with a name in Latin-1', { names: [der(0x86, Buffer.from(`${identity.subject}\u00e9`, 'latin1'))] }],
    ['109: without issuer', { claims: {} }],
    ['109: with two issuers', { claims: { 1: identity.issuer, 8: 'https://evil.example' } }],
    ['109: with two issuers, the other way', { claims: { 1: 'https://evil.example', 8: identity.issuer } }],
    [
      '109: with an issuer in a form that nobody reads beside another',
      { claims: { 1: identity.issuer, 8: Buffer.from('https://evil.example') } },
    ],
    [
      '109: with its issuer twice',
      { extensions: [extension('1.3.6.1.4.1.57264.1.8', utf8String('https://evil.example'))] },
    ],
    ['109: with a blank in its issuer', { claims: { 8: `${identity.issuer} ` } }],
    ['115: without a promise of a certificate log', { logs: [] }],
    ['115: with a promise of an unknown certificate log', { logs: [createTestCertificateLog()] }],
    ['113: that ended before it was used', { notAfter: new Date(time.getTime() - 1000) }],
    [
      '113: that begins after it was used',
      { notBefore: new Date(time.getTime() + 1000), notAfter: new Date(time.getTime() + 2000) },
    ],
  ])('bad input %s is refused', (_, its) => is(its));

  it.each<[string, Partial<TestJob>]>([
    ['108: another subject', { signer: 'https://github.com/acme/sandbox/.github/workflows/release.yml@refs/tags/v2' }],
    ['108: the subject and more', { signer: `${identity.subject}-evil` }],
    ['108: a part of the subject', { signer: identity.subject.slice(0, -1) }],
    ['108: the subject in upper case', { signer: identity.subject.toUpperCase() }],
    ['109: another issuer', { claims: { 8: `${identity.issuer}.evil` } }],
    ['109: another issuer in the old form', { claims: { 1: 'https://evil.example' } }],
  ])('bad input %s is a stranger’s', (_, its) => is(its, 'signature-foreign'));

  it.each<[string, Partial<TestJob>]>([
    ['with its issuer in the old form alone', { claims: { 1: identity.issuer } }],
    ['with its issuer in the new form alone', { claims: { 8: identity.issuer } }],
    ['with an extension that nobody knows and nobody must', { extensions: [extension('1.2.3.4', sequence())] }],
    [
      'that says it is no authority',
      { replaced: { [BASIC_CONSTRAINTS]: extension(BASIC_CONSTRAINTS, sequence(), true) } },
    ],
    ['used in its first second', { notBefore: time }],
    ['used in its last second', { notAfter: time }],
  ])('%s is taken', (_, its) => is(its, 'accepted'));

  it('for an e-mail address is taken, where the profile names that', () => {
    const its = { identities: [{ issuer: identity.issuer, subject: 'alice@example.org' }] };
    expect(outcome(byCertificate({ names: [email('alice@example.org')] }), its)).toBe('accepted');
    expect(outcome(byCertificate({ names: [email('bob@example.org')] }), its)).toBe('signature-foreign');
  });
});

describe('the chain of a signing certificate', () => {
  const stranger = createTestAuthority();
  const before = new Date(time.getTime() - 1000);
  const by = (its: ReturnType<typeof createTestAuthority>) => byKey({ by: its.issue(job) });
  const trusting = (
    its: ReturnType<typeof createTestAuthority>,
    change: (members: typeof its.rootMembers) => object = (all) => all,
  ) =>
    trustIn(
      testTrustedRoot({
        ...rootMembers,
        authority: { rootMembers: change(its.rootMembers) as typeof its.rootMembers },
      }),
    );

  it('bad input 113: must end at a trusted authority', () => {
    expect(outcome(by(stranger), trusting(stranger))).toBe('accepted');
    expect(outcome(by(stranger))).toBe('authority-unknown');
  });

  it('bad input 16: is not taken apart where it has more than 32 KiB', () => {
    const { certificate } = authority.issue({ ...job, extensions: [extension('1.2.3.4', Buffer.alloc(33_000))] });
    const bundle = changed(byCertificate(), ({ verificationMaterial }) => {
      verificationMaterial.certificate = { rawBytes: certificate.toString('base64') };
    });
    expect(outcome(bundle)).toBe('certificate-invalid');
  });

  it('says what is wrong with a certificate', () => {
    const bundle = byCertificate({ names: [uri(identity.subject), uri(identity.subject)] });
    expect(() => accept(bundle)).toThrow(
      expect.objectContaining({ detail: 'expected one subject alternative name, got 2' }),
    );
  });

  it('names the authority that is not known, and no more of it than a key ID has', () => {
    const keyId = Buffer.alloc(3000, 0xab);
    const replaced = { '2.5.29.35': extension('2.5.29.35', sequence(der(0x80, keyId))) };
    const bundle = byCertificate({ replaced });
    expect(outcome(bundle)).toBe('authority-unknown');
    expect(() => accept(bundle)).toThrow(
      expect.objectContaining({ detail: `authority with the key ID ${'ab'.repeat(64)}` }),
    );
  });

  it('bad input 117: a chain in the bundle makes no authority trusted', () => {
    const bundle = byKey({ by: stranger.issue(job), version: '0.2' });
    const [intermediate] = stranger.chain.map((each) => ({ rawBytes: each.toString('base64') }));
    const brought = changed(bundle, ({ verificationMaterial: { x509CertificateChain } }) => {
      if (intermediate) x509CertificateChain?.certificates.push(intermediate);
    });
    expect(outcome(brought, trusting(stranger))).toBe('accepted');
    expect(outcome(brought)).toBe('authority-unknown');
  });

  it.each([
    ['intermediate authority', createTestAuthority({ intermediateNotAfter: before })],
    ['root', createTestAuthority({ rootNotAfter: before })],
  ])('bad input 113: an %s that has expired gives out nothing', (_, expired) => {
    expect(outcome(by(expired), trusting(expired))).toBe('certificate-invalid');
  });

  it('bad input 113: an authority that the trusted root ended gives out nothing afterwards', () => {
    const ended = (end: Date) =>
      trusting(authority, ({ certificateAuthorities, ...rest }) => ({
        ...rest,
        certificateAuthorities: certificateAuthorities.map((each) => ({
          ...each,
          validFor: { ...each.validFor, end: end.toISOString() },
        })),
      }));
    expect(outcome(byCertificate(), ended(time))).toBe('accepted');
    expect(outcome(byCertificate(), ended(before))).toBe('certificate-invalid');
  });

  it('bad input 115: a certificate log that the trusted root ended promises nothing afterwards', () => {
    const ended = trusting(authority, ({ ctlogs, ...rest }) => ({
      ...rest,
      ctlogs: ctlogs.map((each) => ({
        ...each,
        publicKey: { ...each.publicKey, validFor: { ...each.publicKey.validFor, end: '2026-01-01T00:00:00Z' } },
      })),
    }));
    expect(outcome(byCertificate(), ended)).toBe('certificate-invalid');
  });

  it('bad input 115: a promise by another key under the ID of a trusted certificate log is none', () => {
    const forger = createTestCertificateLog();
    const forged = trusting(authority, ({ ctlogs, ...rest }) => ({
      ...rest,
      ctlogs: ctlogs.map((each) => ({ ...each, publicKey: forger.instance.publicKey })),
    }));
    expect(outcome(byCertificate(), forged)).toBe('certificate-invalid');
  });

  it('a certificate that its holder gave to itself is refused', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const own = name('test authority');
    const certificate = certify({
      issuer: { name: own, key: privateKey },
      subject: { name: own, key: publicKey },
      validity: [job.notBefore as Date, job.notAfter as Date],
      extensions: [
        extension(EXTENDED_KEY_USAGE, sequence(oid('1.3.6.1.5.5.7.3.3'))),
        extension('2.5.29.17', sequence(uri(identity.subject)), true),
        extension('1.3.6.1.4.1.57264.1.8', utf8String(identity.issuer)),
      ],
    });
    expect(outcome(byKey({ by: { privateKey, certificate } }))).toBe('certificate-invalid');
  });

  it('a certificate that was given out by another’s signing certificate is refused', () => {
    const parent = authority.issue(job);
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const certificate = certify({
      issuer: { name: sequence(), key: parent.privateKey },
      subject: { name: name('child'), key: publicKey },
      validity: [job.notBefore as Date, job.notAfter as Date],
      extensions: [
        extension(EXTENDED_KEY_USAGE, sequence(oid('1.3.6.1.5.5.7.3.3'))),
        extension('2.5.29.17', sequence(uri(identity.subject)), true),
        extension('1.3.6.1.4.1.57264.1.8', utf8String(identity.issuer)),
      ],
    });
    const bundle = byKey({ by: { privateKey, certificate }, version: '0.2' });
    const brought = changed(bundle, ({ verificationMaterial: { x509CertificateChain } }) => {
      x509CertificateChain?.certificates.push({ rawBytes: parent.certificate.toString('base64') });
    });
    expect(outcome(brought)).toBe('certificate-invalid');
  });

  it('another’s certificate beside our signature is refused, though its log entry names it', () => {
    const { certificate } = authority.issue(job);
    expect(outcome(byKey({ by: { ...theirKey, certificate } }))).toBe('signature-mismatch');
  });

  it('a log entry that names another certificate for the same key is refused', () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const logged = byCertificate({ pair });
    const bundle = changed(logged, (copy) => {
      copy.verificationMaterial.certificate = {
        rawBytes: authority
          .issue({ ...job, pair, notAfter: new Date(time.getTime() + 60_000) })
          .certificate.toString('base64'),
      };
    });
    expect(outcome(logged)).toBe('accepted');
    expect(outcome(bundle)).toBe('log-entry-mismatch');
  });

  it.each<[string, Buffer]>([
    ['no certificate', Buffer.from('hello')],
    ['a certificate with a byte after it', Buffer.concat([authority.issue(job).certificate, Buffer.of(0)])],
    ['a certificate that ends early', authority.issue(job).certificate.subarray(0, -10)],
    ['a public key', ourSpki()],
  ])('%s is refused', (_, certificate) => {
    const bundle = changed(byCertificate(), (copy) => {
      copy.verificationMaterial.certificate = { rawBytes: certificate.toString('base64') };
    });
    expect(outcome(bundle)).toMatch(/^certificate-invalid$/);
  });
});

function ourSpki(): Buffer {
  return Buffer.from(signer.publicKeyPem.replace(/-----[^-]+-----|\n/g, ''), 'base64');
}

describe('when a certificate was used', () => {
  const stamps = inV2().stamps;
  const stamp = (date: Date, by = stamper) => ({ authority: by, date });
  const late = new Date(time.getTime() + 3_600_000);

  it.each<[string, TestBundle, string]>([
    [
      '114: nothing tells: a proof alone',
      changed(
        byCertificate(),
        ({
          verificationMaterial: {
            tlogEntries: [entry],
          },
        }) => {
          Object.assign(entry ?? {}, { inclusionPromise: undefined });
        },
      ),
      'timestamp-invalid',
    ],
    ['114: nothing tells: in v2 without a timestamp', byCertificate({}, { log: v2 }), 'timestamp-invalid'],
    [
      '114: nothing tells: a v2 entry that says so itself',
      changed(
        byCertificate({}, { log: v2 }),
        ({
          verificationMaterial: {
            tlogEntries: [entry],
          },
        }) => {
          Object.assign(entry ?? {}, { integratedTime: String(time.getTime() / 1000) });
        },
      ),
      'timestamp-invalid',
    ],
    [
      '113: a timestamp tells, after its end',
      byCertificate({}, { log: v2, stamps: [stamp(late)] }),
      'certificate-invalid',
    ],
    [
      '113: one of two timestamps tells, after its end',
      byCertificate({}, { log: v2, stamps: [...stamps, stamp(late)] }),
      'certificate-invalid',
    ],
    ['113: the log tells, after its end', byCertificate({}, { time: late }), 'certificate-invalid'],
    [
      '113: the log tells, after its end, and a timestamp before',
      byCertificate({}, { time: late, stamps }),
      'certificate-invalid',
    ],
    [
      '113: a timestamp tells, after its end, and the log before',
      byCertificate({}, { stamps: [stamp(late)] }),
      'certificate-invalid',
    ],
  ])('bad input %s', (_, bundle, reason) => expect(outcome(bundle)).toBe(reason));

  it('a proof alone and a timestamp tell', () => {
    const bundle = changed(
      byCertificate({}, { stamps }),
      ({
        verificationMaterial: {
          tlogEntries: [entry],
        },
      }) => {
        Object.assign(entry ?? {}, { inclusionPromise: undefined });
      },
    );
    expect(accept(bundle).log).toEqual({ id: v1.id, time });
  });

  it('a timestamp tells, where no entry is required', () => {
    expect(outcome(byCertificate({}, { log: undefined as never, stamps }), { logEntry: 'not-required' })).toBe(
      'accepted',
    );
    expect(outcome(byCertificate({}, { log: undefined as never }), { logEntry: 'not-required' })).toBe(
      'timestamp-invalid',
    );
    expect(outcome(byCertificate({}, { log: undefined as never, stamps }))).toBe('log-entry-missing');
  });
});
