import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Digest } from '../oci/digest.ts';
import { parsePublicKey } from '../trust/public-key.ts';
import { createTestLog, type TestLog, type TestRekorBundle } from './test-log.ts';

/** A signature as `LegacySignature` has it, with all its parts known. */
export interface TestSignature {
  readonly payload: Uint8Array;
  /** Base64. */
  readonly signature: string;
  readonly bundle: TestRekorBundle;
}

export interface SigningRequest {
  /** Image name that the payload states; the signer's own where left out. */
  readonly image?: string;
  readonly digest: Digest;
  /** When the log took it; now where left out. */
  readonly time?: Date | undefined;
  /** The log's next one where left out. */
  readonly logIndex?: number | undefined;
  /** In place of the payload that image and digest make. */
  readonly payload?: Uint8Array | undefined;
}

/** A publisher with a key of its own and a log that it uses; both are made at run time and are never written. */
export interface TestSigner {
  readonly image: string | undefined;
  readonly publicKeyPem: string;
  readonly privateKey: KeyObject;
  /** SHA-256 of the public key (DER), hex. */
  readonly fingerprint: string;
  readonly log: TestLog;
  readonly logPublicKeyPem: string;
  readonly logId: string;
  sign(request: SigningRequest): TestSignature;
  /** The same signature with a second log entry: what anybody can do to a published one. */
  logAgain(signature: TestSignature, entry?: Pick<SigningRequest, 'time' | 'logIndex'>): TestSignature;
}

export interface TestSignerOptions {
  readonly image?: string;
  /** Shared by signers, for keys that come after each other. */
  readonly log?: TestLog;
  /** Index of the first entry, where the signer makes its own log. */
  readonly firstIndex?: number;
}

export function createTestSigner({
  image,
  firstIndex = 1000,
  log = createTestLog({ firstIndex }),
}: TestSignerOptions = {}): TestSigner {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const key = parsePublicKey(Buffer.from(publicKeyPem), 'test signer');
  return {
    image,
    publicKeyPem,
    privateKey,
    fingerprint: key.fingerprint,
    log,
    logPublicKeyPem: log.publicKeyPem,
    logId: log.id,
    sign({ image: named = image, digest, time, logIndex, payload = simpleSigningPayload(named, digest) }) {
      const signature = sign('sha256', payload, privateKey).toString('base64');
      return { payload, signature, bundle: log.add({ payload, signature, key, time, logIndex }) };
    },
    logAgain({ payload, signature }, { time, logIndex } = {}) {
      return { payload, signature, bundle: log.add({ payload, signature, key, time, logIndex }) };
    },
  };
}

/** Cosign's payload (SIGNATURE_SPEC.md), byte for byte as cosign writes it. */
export function simpleSigningPayload(image: string | undefined, digest: Digest): Uint8Array {
  if (image === undefined) throw new TypeError('a payload names an image: give one to the signer or to sign()');
  return Buffer.from(
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': image },
        image: { 'docker-manifest-digest': digest },
        type: 'cosign container image signature',
      },
      optional: null,
    }),
  );
}
