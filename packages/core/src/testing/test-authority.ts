import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { certify, type TestAuthorityInstance, tbsOf } from './certify.ts';
import { der, extension, integer, name, oid, pem, sequence, utf8String } from './der.ts';
import type { TestLogInstance } from './test-bundle-log.ts';
import { createTestCertificateLog, promiseList, type TestCertificateLog } from './test-certificate-log.ts';

/** What a job's token says of it, in the words of Fulcio's extensions: each may be left out or be wrong. */
export interface TestJob {
  /** URI of the one subject alternative name: the workflow file whose job signs. */
  readonly signer: string;
  /** Value of extensions below Fulcio's arc, by number: text, encoded as Fulcio does, or the bytes as they are. */
  readonly claims: Readonly<Record<number, string | Uint8Array>>;
  /** More extensions, DER, after those. */
  readonly extensions?: readonly Uint8Array[];
  /** Extensions that every leaf has, by OID: another value in their place, or none. */
  readonly replaced?: Readonly<Record<string, Buffer | undefined>>;
  /** In place of the one that `signer` makes: GeneralNames, DER. */
  readonly names?: readonly Uint8Array[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** The logs that promise to take it: the authority's own where left out. */
  readonly logs?: readonly TestCertificateLog[];
  /** The pair that it is for; a new one where left out. */
  readonly pair?: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
}

/** A certificate with its key, made for one signature as Fulcio does. */
export interface TestSigningCertificate {
  /** DER. */
  readonly certificate: Buffer;
  readonly pem: string;
  readonly privateKey: KeyObject;
}

/** Fulcio and its certificate log, as they look from outside. The keys are made now and go with the object. */
export interface TestAuthority {
  /** Members `certificateAuthorities` and `ctlogs` of a trusted_root.json. */
  readonly rootMembers: {
    readonly certificateAuthorities: readonly TestAuthorityInstance[];
    readonly ctlogs: readonly TestLogInstance[];
  };
  /** Intermediate and root, DER: what a trusted root lists. */
  readonly chain: readonly Buffer[];
  issue(job: TestJob): TestSigningCertificate;
}

export interface TestAuthorityOptions {
  readonly intermediateNotAfter?: Date;
  readonly rootNotAfter?: Date;
}

export const KEY_USAGE = '2.5.29.15';
export const BASIC_CONSTRAINTS = '2.5.29.19';
export const EXTENDED_KEY_USAGE = '2.5.29.37';
const FULCIO = '1.3.6.1.4.1.57264.1';
const SCT_LIST = '1.3.6.1.4.1.11129.2.4.2';
const HOUR_MS = 3_600_000;
const END = new Date('2040-01-01T00:00:00Z');

/** DER `TRUE`: what makes a basic constraint an authority's. */
const yes = der(0x01, Buffer.of(0xff));

/** Each authority is a pair of keys with a name: a root, and below it the one that gives out certificates. */
export function createTestAuthority({
  intermediateNotAfter = END,
  rootNotAfter = END,
}: TestAuthorityOptions = {}): TestAuthority {
  const [root, intermediate] = [createPair('test root'), createPair('test authority')] as const;
  const log = createTestCertificateLog();
  const start = new Date('2020-01-01T00:00:00Z');
  const certifyAuthority = (subject: Pair, notAfter: Date, constraints: readonly Buffer[]) =>
    certify({
      issuer: { name: root.name, key: root.privateKey },
      subject: { name: subject.name, key: subject.publicKey },
      validity: [start, notAfter],
      extensions: [
        extension(KEY_USAGE, der(0x03, Buffer.of(1, 0b0000_0110)), true), // certificates and lists
        extension(BASIC_CONSTRAINTS, sequence(yes, ...constraints), true),
        extension('2.5.29.14', der(0x04, keyIdOf(subject.publicKey))),
      ],
    });
  const chain = [
    certifyAuthority(intermediate, intermediateNotAfter, [integer(0)]), // no authority below it
    certifyAuthority(root, rootNotAfter, []),
  ];
  return {
    chain,
    rootMembers: {
      certificateAuthorities: [
        {
          subject: { organization: 'test', commonName: 'test root' },
          uri: 'https://fulcio.example.org',
          certChain: { certificates: chain.map((each) => ({ rawBytes: each.toString('base64') })) },
          validFor: { start: start.toISOString() },
        },
      ],
      ctlogs: [log.instance],
    },
    issue(job) {
      const { publicKey, privateKey } = job.pair ?? generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const { notBefore = new Date(Date.now() - 60_000), notAfter = new Date(notBefore.getTime() + HOUR_MS) } = job;
      const request = {
        issuer: { name: intermediate.name, key: intermediate.privateKey },
        subject: { name: sequence(), key: publicKey },
        validity: [notBefore, notAfter] as const,
        extensions: leafExtensions(job, intermediate.publicKey),
      };
      // RFC 6962, section 3.2: promised is the certificate without the promise.
      const promises = (job.logs ?? [log]).map((each) =>
        each.promise(tbsOf(request), intermediate.publicKey, notBefore),
      );
      const list = promises.length > 0 ? [extension(SCT_LIST, der(0x04, promiseList(promises)))] : [];
      const certificate = certify({ ...request, extensions: [...request.extensions, ...list] });
      return { certificate, pem: pem('CERTIFICATE', certificate), privateKey };
    },
  };
}

function leafExtensions({ signer, claims, extensions = [], names, replaced }: TestJob, authority: KeyObject): Buffer[] {
  const alternatives = names ?? [der(0x86, Buffer.from(signer))];
  const encode = (arc: number, value: string | Uint8Array) => {
    if (typeof value !== 'string') return value;
    return arc < 8 ? Buffer.from(value) : utf8String(value);
  };
  const usual: Record<string, Buffer> = {
    [KEY_USAGE]: extension(KEY_USAGE, der(0x03, Buffer.of(7, 0x80)), true), // digital signatures
    [EXTENDED_KEY_USAGE]: extension(EXTENDED_KEY_USAGE, sequence(oid('1.3.6.1.5.5.7.3.3'))), // code signing
    '2.5.29.35': extension('2.5.29.35', sequence(der(0x80, keyIdOf(authority)))),
    '2.5.29.17': extension('2.5.29.17', sequence(...alternatives), true),
  };
  return [
    ...Object.values({ ...usual, ...replaced }).filter((each) => each !== undefined),
    ...Object.entries(claims).map(([arc, value]) => extension(`${FULCIO}.${arc}`, encode(Number(arc), value))),
    ...extensions.map((each) => Buffer.from(each)),
  ];
}

interface Pair {
  readonly name: Buffer;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

function createPair(commonName: string): Pair {
  return { name: name(commonName), ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) };
}

function keyIdOf(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
}
