import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import type { TransparencyLogEntry } from '@sigstore/bundle';
import { dsse, json } from '@sigstore/core';
import { codeOf } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { parseJson } from '../oci/parse-json.ts';
import { SignatureRefusal } from './signature-verdict.ts';

/** What was signed, in the two forms that Sigstore has. */
export type SignedContent = { readonly signature: Buffer } & (
  | { readonly form: 'message'; readonly message: Uint8Array; readonly digest: Buffer }
  | {
      readonly form: 'envelope';
      readonly payloadType: string;
      readonly payload: Buffer;
      /** The envelope's JSON, where it came as one document by itself: then as it was logged. */
      readonly document?: Uint8Array;
    }
);

/** Whoever signed, as log entries write it: the key, or the certificate that came with the signature (DER). */
export type LoggedSigner = { readonly key: KeyObject } | { readonly certificate: Buffer };

/**
 * Holds a log entry against what it must be about: exactly this signer, signature and payload. The canonical body is
 * rebuilt and compared byte by byte, so that an entry that merely reads alike is never taken for ours; libraries compare
 * less (not the signer). Rekor v1: types/{dsse,hashedrekord,intoto} of sigstore/rekor; v2: rekor-tiles, entry.proto.
 */
export function isEntryAbout(entry: TransparencyLogEntry, content: SignedContent, signer: LoggedSigner): boolean {
  const { kind, version } = entry.kindVersion;
  const rebuild = BODIES[`${content.form} ${kind} ${version}`];
  if (!rebuild) throw new SignatureRefusal('log-entry-unsupported', printable(`${kind} ${version}`));
  const spec = rebuild(content as never, signer, freePartsOf(entry.canonicalizedBody));
  if (spec === undefined) return false;
  const body = json.canonicalize({ apiVersion: version, kind, spec });
  return Buffer.from(body).equals(entry.canonicalizedBody);
}

type Message = Extract<SignedContent, { form: 'message' }>;
type Envelope = Extract<SignedContent, { form: 'envelope' }>;
type Rebuild<C> = (content: C, signer: LoggedSigner, free: FreeParts) => object | undefined;

const BODIES: Readonly<Record<string, Rebuild<never>>> = {
  'message hashedrekord 0.0.1': (({ digest, signature }, signer) => ({
    data: { hash: { algorithm: 'sha256', value: digest.toString('hex') } },
    signature: { content: signature.toString('base64'), publicKey: { content: pemOf(signer) } },
  })) satisfies Rebuild<Message>,

  'message hashedrekord 0.0.2': (({ digest, signature }, signer) =>
    hashedRekordV2(digest, signature, signer)) satisfies Rebuild<Message>,

  // For an envelope v2 logs the digest of what is signed: the pre-authentication encoding.
  'envelope hashedrekord 0.0.2': (({ payloadType, payload, signature }, signer) =>
    hashedRekordV2(sha256(dsse.preAuthEncoding(payloadType, payload)), signature, signer)) satisfies Rebuild<Envelope>,

  'envelope dsse 0.0.1': (({ payload, signature }, signer, { envelopeHash }) =>
    envelopeHash && {
      envelopeHash,
      payloadHash: hashOf(payload),
      signatures: [{ signature: signature.toString('base64'), verifier: pemOf(signer) }],
    }) satisfies Rebuild<Envelope>,

  'envelope dsse 0.0.2': (({ payload, signature }, signer) => ({
    dsseV002: {
      payloadHash: { algorithm: 'SHA2_256', digest: sha256(payload).toString('base64') },
      signatures: [{ content: signature.toString('base64'), verifier: verifierV2(signer) }],
    },
  })) satisfies Rebuild<Envelope>,

  // Its body holds no signature: only the hash of the whole envelope, as uploaded, ties the entry to ours.
  'envelope intoto 0.0.1': (({ payload, document }, signer) =>
    document && {
      content: { hash: hashOf(document), payloadHash: hashOf(payload) },
      publicKey: pemOf(signer),
    }) satisfies Rebuild<Envelope>,

  'envelope intoto 0.0.2': (({ payload, payloadType, signature }, signer, { contentHash }) =>
    contentHash && {
      content: {
        envelope: {
          payloadType,
          signatures: [{ publicKey: pemOf(signer), sig: twiceBase64(signature) }],
        },
        hash: contentHash,
        payloadHash: hashOf(payload),
      },
    }) satisfies Rebuild<Envelope>,
};

function hashedRekordV2(digest: Buffer, signature: Buffer, signer: LoggedSigner): object {
  return {
    hashedRekordV002: {
      data: { algorithm: 'SHA2_256', digest: digest.toString('base64') },
      signature: { content: signature.toString('base64'), verifier: verifierV2(signer) },
    },
  };
}

/** Hashes over the envelope as it was uploaded, which nobody keeps: taken from the body, once they are well-formed. */
interface FreeParts {
  readonly envelopeHash?: Hash | undefined;
  readonly contentHash?: Hash | undefined;
}
type Hash = { readonly algorithm: 'sha256'; readonly value: string };

function freePartsOf(body: Buffer): FreeParts {
  const spec = memberOf(parseBody(body), 'spec');
  return {
    envelopeHash: readHash(memberOf(spec, 'envelopeHash')),
    contentHash: readHash(memberOf(memberOf(spec, 'content'), 'hash')),
  };
}

function parseBody(body: Buffer): unknown {
  try {
    return parseJson(body, { where: 'log entry', code: 'SIGNATURE_MALFORMED' });
  } catch (cause) {
    if (codeOf(cause) === undefined) throw cause;
    throw new SignatureRefusal('log-entry-malformed', (cause as Error).message, cause);
  }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function readHash(value: unknown): Hash | undefined {
  const text = memberOf(value, 'value');
  return typeof text === 'string' && /^[0-9a-f]{64}$/.test(text) ? { algorithm: 'sha256', value: text } : undefined;
}

/** An envelope's signature is base64 text, and this kind of entry takes the text for bytes once more. */
function twiceBase64(bytes: Buffer): string {
  return Buffer.from(bytes.toString('base64')).toString('base64');
}

function hashOf(bytes: Uint8Array): Hash {
  return { algorithm: 'sha256', value: sha256(bytes).toString('hex') };
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** Base64 of the PEM, as Rekor v1 writes a signer. */
function pemOf(signer: LoggedSigner): string {
  const pem =
    'key' in signer
      ? signer.key.export({ type: 'spki', format: 'pem' }).toString()
      : new X509Certificate(signer.certificate).toString();
  return Buffer.from(pem).toString('base64');
}

function verifierV2(signer: LoggedSigner): object {
  if ('key' in signer) {
    const rawBytes = signer.key.export({ type: 'spki', format: 'der' }).toString('base64');
    return { keyDetails: keyDetailsOf(signer.key), publicKey: { rawBytes } };
  }
  const { publicKey } = new X509Certificate(signer.certificate);
  return { keyDetails: keyDetailsOf(publicKey), x509Certificate: { rawBytes: signer.certificate.toString('base64') } };
}

/** sigstore_common.proto, PublicKeyDetails. P-384 is none of these: it goes with SHA-384, which is checked nowhere here. */
function keyDetailsOf(key: KeyObject): string {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  if (namedCurve === 'prime256v1') return 'PKIX_ECDSA_P256_SHA_256';
  if (key.asymmetricKeyType === 'rsa') return `PKIX_RSA_PKCS1V15_${modulusLength}_SHA256`;
  return key.asymmetricKeyType === 'ed25519' ? 'PKIX_ED25519' : '';
}
