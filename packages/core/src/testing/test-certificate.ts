import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { der, ecdsaWithSha256, extension, name, pem, sequence, time } from './der.ts';

export interface TestCertificateOptions {
  /** DNS name or IPv4 address that it is for. */
  readonly host?: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

const DAY_MS = 86_400_000;

/** A self-signed server certificate (RFC 5280) with its key, PEM, made now. */
export function createTestCertificate(options: TestCertificateOptions = {}): {
  readonly key: string;
  readonly cert: string;
} {
  const {
    host = '127.0.0.1',
    notBefore = new Date(Date.now() - DAY_MS),
    notAfter = new Date(Date.now() + DAY_MS),
  } = options;
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // A name of its own: issuers are looked up by it, and the first of two that share one is taken.
  const ownName = name(`test registry ${randomBytes(8).toString('hex')}`);
  const alternative = isIPv4(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host));
  const signed = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, Buffer.from([1])), // serial number
    ecdsaWithSha256,
    ownName,
    sequence(time(notBefore), time(notAfter)),
    ownName,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(extension('2.5.29.17', sequence(alternative)))),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', signed, privateKey));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: pem('CERTIFICATE', sequence(signed, ecdsaWithSha256, signature)),
  };
}
