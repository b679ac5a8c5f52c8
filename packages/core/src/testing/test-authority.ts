import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { der, ecdsaWithSha256, extension, name, oid, pem, sequence, time, utf8String } from './der.ts';

/** What a job's token says of it, in the words of Fulcio's extensions: each may be left out or be wrong. */
export interface TestJob {
  /** URI of the one subject alternative name: the workflow file whose job signs. */
  readonly signer: string;
  /** Value of extensions below Fulcio's arc, by number: text, encoded as Fulcio does, or the bytes as they are. */
  readonly claims: Readonly<Record<number, string | Uint8Array>>;
  /** More extensions, DER, after those. */
  readonly extensions?: readonly Uint8Array[];
  /** Which of the usual extensions are not there, by OID. */
  readonly without?: readonly string[];
  /** In place of the one that `signer` makes: GeneralNames, DER. */
  readonly names?: readonly Uint8Array[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
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
  readonly rootMembers: Readonly<Record<string, unknown>>;
  issue(job: TestJob): TestSigningCertificate;
}

const FULCIO = '1.3.6.1.4.1.57264.1';
const SCT_LIST = '1.3.6.1.4.1.11129.2.4.2';
const HOUR_MS = 3_600_000;

export function createTestAuthority(): TestAuthority {
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const log = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ownName = name('test authority');
  const start = new Date('2020-01-01T00:00:00Z');
  const root = certify({
    issuer: { name: ownName, key: authority.privateKey },
    subject: { name: ownName, key: authority.publicKey },
    validity: [start, new Date('2040-01-01T00:00:00Z')],
    extensions: [
      extension('2.5.29.15', der(0x03, Buffer.from([1, 0b0000_0110])), true), // certificates and lists
      extension('2.5.29.19', sequence(der(0x01, Buffer.from([0xff]))), true),
      extension('2.5.29.14', der(0x04, keyIdOf(authority.publicKey))),
    ],
  });
  const validFor = { start: start.toISOString() };
  return {
    rootMembers: {
      certificateAuthorities: [
        {
          subject: { organization: 'test', commonName: 'test authority' },
          uri: 'https://fulcio.example.org',
          certChain: { certificates: [{ rawBytes: root.toString('base64') }] },
          validFor,
        },
      ],
      ctlogs: [
        {
          baseUrl: 'https://ct.example.org',
          hashAlgorithm: 'SHA2_256',
          publicKey: {
            rawBytes: spkiOf(log.publicKey).toString('base64'),
            keyDetails: 'PKIX_ECDSA_P256_SHA_256',
            validFor,
          },
          logId: { keyId: sha256(spkiOf(log.publicKey)).toString('base64') },
        },
      ],
    },
    issue(job) {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const { notBefore = new Date(Date.now() - 60_000), notAfter = new Date(notBefore.getTime() + HOUR_MS) } = job;
      const request = {
        issuer: { name: ownName, key: authority.privateKey },
        subject: { name: sequence(), key: publicKey },
        validity: [notBefore, notAfter] as const,
        extensions: leafExtensions(job, authority.publicKey),
      };
      // RFC 6962, section 3.2: promised is the certificate without the promise.
      const promise = promiseOf(tbsOf(request), {
        issuer: authority.publicKey,
        log,
        date: notBefore,
      });
      const certificate = certify({
        ...request,
        extensions: [...request.extensions, extension(SCT_LIST, der(0x04, promise))],
      });
      return { certificate, pem: pem('CERTIFICATE', certificate), privateKey };
    },
  };
}

function leafExtensions(job: TestJob, authority: KeyObject): Buffer[] {
  const { signer, claims, extensions = [], names, without = [] } = job;
  const alternatives = names ?? [der(0x86, Buffer.from(signer))];
  const encode = (arc: number, value: string | Uint8Array) => {
    if (typeof value !== 'string') return value;
    return arc < 8 ? Buffer.from(value) : utf8String(value);
  };
  const usual: readonly [string, Buffer, true?][] = [
    ['2.5.29.15', der(0x03, Buffer.from([7, 0x80])), true], // digital signatures
    ['2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.3'))], // code signing
    ['2.5.29.35', sequence(der(0x80, keyIdOf(authority)))],
    ['2.5.29.17', sequence(...alternatives), true],
  ];
  return [
    ...usual.filter(([id]) => !without.includes(id)).map((each) => extension(...each)),
    ...Object.entries(claims).map(([arc, value]) => extension(`${FULCIO}.${arc}`, encode(Number(arc), value))),
    ...extensions.map((each) => Buffer.from(each)),
  ];
}

interface CertificateRequest {
  readonly issuer: { readonly name: Buffer; readonly key: KeyObject };
  readonly subject: { readonly name: Buffer; readonly key: KeyObject };
  readonly validity: readonly [Date, Date];
  readonly extensions: readonly Buffer[];
}

/** RFC 5280, section 4.1. */
function tbsOf({ issuer, subject, validity, extensions }: CertificateRequest): Buffer {
  return sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, Buffer.from([1])), // serial number
    ecdsaWithSha256,
    issuer.name,
    sequence(...validity.map(time)),
    subject.name,
    spkiOf(subject.key),
    der(0xa3, sequence(...extensions)),
  );
}

function certify(request: CertificateRequest): Buffer {
  const signed = tbsOf(request);
  const signature = sign('sha256', signed, request.issuer.key);
  return sequence(signed, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature));
}

/** A list of one signed certificate timestamp (RFC 6962, section 3.3). */
function promiseOf(
  tbs: Buffer,
  {
    issuer,
    log,
    date,
  }: {
    readonly issuer: KeyObject;
    readonly log: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
    readonly date: Date;
  },
): Buffer {
  const timestamp = Buffer.alloc(8);
  timestamp.writeBigUInt64BE(BigInt(date.getTime()));
  const noExtensions = Buffer.alloc(2);
  const length = Buffer.alloc(3);
  length.writeUIntBE(tbs.length, 0, 3);
  const promised = Buffer.concat([
    Buffer.from([0, 0]), // v1, certificate_timestamp
    timestamp,
    Buffer.from([0, 1]), // precert_entry
    sha256(spkiOf(issuer)),
    length,
    tbs,
    noExtensions,
  ]);
  const signature = sign('sha256', promised, log.privateKey);
  const sct = Buffer.concat([
    Buffer.from([0]),
    sha256(spkiOf(log.publicKey)),
    timestamp,
    noExtensions,
    Buffer.from([4, 3]), // SHA-256, ECDSA
    prefixed(signature),
  ]);
  return prefixed(prefixed(sct));
}

/** With its length before it, two bytes. */
function prefixed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function spkiOf(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

function keyIdOf(key: KeyObject): Buffer {
  return createHash('sha1').update(spkiOf(key)).digest();
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
