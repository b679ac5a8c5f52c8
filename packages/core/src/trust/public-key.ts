import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { CodedError } from '../errors/coded-error.ts';
import { decodeBase64 } from '../verify/canonical-base64.ts';

/** A key that a profile pins. Everything derived from it is computed once, here. */
export interface TrustedKey {
  /** SHA-256 of the public key (SPKI, DER), hex: the key's identity. */
  readonly fingerprint: string;
  /** SHA-256 of the bytes the key was read from, hex: names the folder of its stored signatures, as in Dangerzone. */
  readonly fileDigest: string;
  readonly keyObject: KeyObject;
  /** Base64 of the PEM as Rekor writes it into an entry. */
  readonly entryContent: string;
}

const ONE_PEM_BLOCK =
  /^-----BEGIN PUBLIC KEY-----\r?\n((?:[A-Za-z0-9+/=]{1,76}\r?\n)+)-----END PUBLIC KEY-----[\r\n]*$/;
const MAX_KEY_BYTES = 16 * 1024;
const MIN_RSA_BITS = 2048;

/**
 * Exactly one PEM block "PUBLIC KEY" with a P-256 or RSA key (RFC 7468, section 13). Node would also take private keys,
 * certificates, the first of several blocks and text around them: each a way to pin another key than the reader sees.
 */
export function parsePublicKey(bytes: Uint8Array, where: string): TrustedKey {
  if (bytes.length > MAX_KEY_BYTES) throw refused(where, `is longer than ${MAX_KEY_BYTES} bytes`);
  const block = ONE_PEM_BLOCK.exec(Buffer.from(bytes).toString('latin1'));
  if (!block?.[1]) throw refused(where, 'is not exactly one PEM block "PUBLIC KEY"');
  // A lenient decoder stops at the first padding: what stands after it would be another key for the reader.
  const der = decodeBase64(block[1].replace(/\r?\n/g, ''));
  if (!der) throw refused(where, 'is not canonical base64');
  const keyObject = readSpki(der, where);
  requireAllowed(keyObject, where);
  if (!keyObject.export({ type: 'spki', format: 'der' }).equals(der)) throw refused(where, 'is not in canonical DER');
  return {
    fingerprint: createHash('sha256').update(der).digest('hex'),
    fileDigest: createHash('sha256').update(bytes).digest('hex'),
    keyObject,
    entryContent: Buffer.from(keyObject.export({ type: 'spki', format: 'pem' })).toString('base64'),
  };
}

function readSpki(der: Buffer, where: string): KeyObject {
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch (cause) {
    throw refused(where, 'does not hold a public key', cause);
  }
}

function requireAllowed(key: KeyObject, where: string): void {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return;
  if (key.asymmetricKeyType === 'rsa' && (modulusLength ?? 0) >= MIN_RSA_BITS) return;
  const kind = namedCurve ?? (modulusLength ? `${modulusLength} bits` : '');
  throw refused(where, `is of a kind that is not accepted: ${key.asymmetricKeyType} ${kind}`.trimEnd());
}

function refused(where: string, why: string, cause?: unknown): CodedError {
  return new CodedError('KEY_INVALID', `key ${where} ${why}`, {
    suggestions: ['Give the public key alone (P-256, or RSA of at least 2048 bits), as `cosign public-key` prints it.'],
    cause,
  });
}
