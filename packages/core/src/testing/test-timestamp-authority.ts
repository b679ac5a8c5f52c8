import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { certify, type TestAuthorityInstance } from './certify.ts';
import { der, ecdsaWithSha256, extension, integer, name, oid, sequence, set, time } from './der.ts';

/** A timestamp authority (RFC 3161): says when a signature was there at the latest. */
export interface TestTimestampAuthority {
  /** As `timestampAuthorities` of a trusted_root.json lists it. */
  readonly instance: TestAuthorityInstance;
  /** A TimeStampResp over a signature, DER in base64: a bundle's `signedTimestamp`. */
  stamp(signature: Uint8Array, date: Date): string;
}

const sha256Algorithm = sequence(oid('2.16.840.1.101.3.4.2.1'));
const SIGNED_DATA = '1.2.840.113549.1.7.2';
const TST_INFO = '1.2.840.113549.1.9.16.1.4';

export interface TestTimestampAuthorityOptions {
  /** Of the certificate that stamps. */
  readonly notAfter?: Date;
}

export function createTestTimestampAuthority({
  notAfter = new Date('2040-01-01T00:00:00Z'),
}: TestTimestampAuthorityOptions = {}): TestTimestampAuthority {
  const root = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = { name: name('test timestamp root'), key: root.privateKey };
  const start = new Date('2020-01-01T00:00:00Z');
  const certificate = certify({
    issuer,
    subject: { name: name('test timestamp authority'), key: own.publicKey },
    validity: [start, notAfter],
    extensions: [extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.8')), true)], // time stamping
  });
  const chain = [
    certificate,
    certify({
      issuer,
      subject: { name: issuer.name, key: root.publicKey },
      validity: [start, new Date('2040-01-01T00:00:00Z')],
      extensions: [extension('2.5.29.19', sequence(der(0x01, Buffer.of(0xff))), true)],
    }),
  ];
  return {
    instance: {
      subject: { organization: 'test', commonName: 'test timestamp authority' },
      uri: 'https://timestamp.example.org',
      certChain: { certificates: chain.map((certificate) => ({ rawBytes: certificate.toString('base64') })) },
      validFor: { start: start.toISOString() },
    },
    stamp(signature, date) {
      const info = sequence(
        integer(1),
        oid('1.2.3.4'), // policy
        sequence(sha256Algorithm, der(0x04, sha256(signature))),
        integer(7), // serial number
        time(date),
      );
      const attributes = [
        sequence(oid('1.2.840.113549.1.9.3'), set(oid(TST_INFO))),
        sequence(oid('1.2.840.113549.1.9.4'), set(der(0x04, sha256(info)))),
        // RFC 5816: by which certificate it is.
        sequence(oid('1.2.840.113549.1.9.16.2.47'), set(sequence(sequence(sequence(der(0x04, sha256(certificate))))))),
      ];
      // RFC 5652, section 5.4: signed is the SET, written is [0] with the same content.
      const signed = sign('sha256', set(...attributes), own.privateKey);
      const signer = sequence(
        integer(1),
        sequence(issuer.name, integer(1)),
        sha256Algorithm,
        der(0xa0, ...attributes),
        ecdsaWithSha256,
        der(0x04, signed),
      );
      const signedData = sequence(
        integer(3),
        set(sha256Algorithm),
        sequence(oid(TST_INFO), der(0xa0, der(0x04, info))),
        set(signer),
      );
      const token = sequence(oid(SIGNED_DATA), der(0xa0, signedData));
      return sequence(sequence(integer(0)), token).toString('base64');
    },
  };
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
