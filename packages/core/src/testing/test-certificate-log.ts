import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { instanceOf, type TestLogInstance } from './test-bundle-log.ts';

/** A log of certificates (RFC 6962), as far as it promises to take one. */
export interface TestCertificateLog {
  /** As `ctlogs` of a trusted_root.json lists it. */
  readonly instance: TestLogInstance;
  /** A signed certificate timestamp for a certificate that does not hold it yet (section 3.2). */
  promise(tbs: Buffer, issuer: KeyObject, date: Date): Buffer;
}

export function createTestCertificateLog(): TestCertificateLog {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = spkiOf(publicKey);
  return {
    instance: instanceOf('ct.example.org', sha256(spki), spki, 'PKIX_ECDSA_P256_SHA_256'),
    promise(tbs, issuer, date) {
      const timestamp = Buffer.alloc(8);
      timestamp.writeBigUInt64BE(BigInt(date.getTime()));
      const noExtensions = Buffer.alloc(2);
      const length = Buffer.alloc(3);
      length.writeUIntBE(tbs.length, 0, 3);
      const promised = Buffer.concat([
        Buffer.of(0, 0), // v1, certificate_timestamp
        timestamp,
        Buffer.of(0, 1), // precert_entry
        sha256(spkiOf(issuer)),
        length,
        tbs,
        noExtensions,
      ]);
      return Buffer.concat([
        Buffer.of(0),
        sha256(spki),
        timestamp,
        noExtensions,
        Buffer.of(4, 3), // SHA-256, ECDSA
        prefixed(sign('sha256', promised, privateKey)),
      ]);
    },
  };
}

/** What the extension of a certificate holds (section 3.3). */
export function promiseList(promises: readonly Buffer[]): Buffer {
  return prefixed(Buffer.concat(promises.map(prefixed)));
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

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
