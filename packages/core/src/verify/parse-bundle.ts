import { type Bundle, bundleFromJSON, ValidationError } from '@sigstore/bundle';
import * as v from 'valibot';
import { codeOf } from '../errors/coded-error.ts';
import { parseJson } from '../oci/parse-json.ts';
import { parseShape } from '../oci/parse-shape.ts';
import type { BundleDocument } from './bundle-document.ts';
import { decodeBase64 } from './canonical-base64.ts';
import { SignatureRefusal } from './signature-verdict.ts';

const MAX_BUNDLE_BYTES = 4 * 1024 * 1024;

// protobuf-specs, sigstore_bundle.proto, Bundle.media_type; the library takes more spellings than there are.
const MEDIA_TYPES: readonly string[] = [
  'application/vnd.dev.sigstore.bundle+json;version=0.1',
  'application/vnd.dev.sigstore.bundle+json;version=0.2',
  'application/vnd.dev.sigstore.bundle+json;version=0.3',
  'application/vnd.dev.sigstore.bundle.v0.3+json',
];

const MAX_ENTRIES = 8;
/** Of a timestamp: one with its authority's whole chain has some six thousand. */
const MAX_TIMESTAMP_BYTES = 32 * 1024;
/** Of an entry's body, in base64: as in cosign's legacy form. It is parsed anew for each key that may have signed. */
const MAX_BODY = 64 * 1024;
/** Of a log's ID, which stands in messages: SHA-256 of a key. */
const LOG_ID = /^[A-Za-z0-9+/]{43}=$/;
const MAX_HASHES = 64;

const base64 = v.pipe(
  v.string(),
  v.check((text) => decodeBase64(text) !== undefined, 'expected canonical base64'),
);
/** DER. The library makes an object of every few bytes: of 3 MiB half a gigabyte, before any signature is looked at. */
const timestamp = v.pipe(
  base64,
  v.maxLength(4 * Math.ceil(MAX_TIMESTAMP_BYTES / 3), `expected at most ${MAX_TIMESTAMP_BYTES} bytes`),
);
/** A 64-bit number as protobuf writes it in JSON: a string. One spelling, and exact in JavaScript. */
const count = v.pipe(
  v.string(),
  v.regex(/^(?:0|[1-9][0-9]{0,15})$/, 'expected a whole number in its shortest form'),
  v.check((text) => Number.isSafeInteger(Number(text)), 'expected a number below 2^53'),
);
const short = v.pipe(v.string(), v.maxLength(1024));
const certificate = v.strictObject({ rawBytes: base64 });

// Protobuf's JSON leaves out what is empty or 0, and takes null for what is not there.
const entrySchema = v.strictObject({
  logIndex: v.nullish(count),
  logId: v.strictObject({ keyId: v.pipe(base64, v.regex(LOG_ID, 'expected 32 bytes')) }),
  kindVersion: v.strictObject({ kind: short, version: short }),
  integratedTime: v.nullish(count),
  inclusionPromise: v.nullish(v.strictObject({ signedEntryTimestamp: base64 })),
  inclusionProof: v.nullish(
    v.strictObject({
      logIndex: v.nullish(count),
      rootHash: base64,
      treeSize: count,
      hashes: v.nullish(v.pipe(v.array(base64), v.maxLength(MAX_HASHES, `expected at most ${MAX_HASHES} hashes`))),
      checkpoint: v.nullish(v.strictObject({ envelope: v.string() })),
    }),
  ),
  canonicalizedBody: v.pipe(base64, v.maxLength(MAX_BODY, `expected at most ${MAX_BODY} characters`)),
});
const bundleSchema = v.strictObject({
  mediaType: v.picklist(MEDIA_TYPES),
  verificationMaterial: v.strictObject({
    publicKey: v.nullish(v.strictObject({ hint: v.nullish(v.string()) })),
    certificate: v.nullish(certificate),
    x509CertificateChain: v.nullish(
      v.strictObject({
        certificates: v.pipe(v.array(certificate), v.minLength(1, 'expected a certificate'), v.maxLength(MAX_ENTRIES)),
      }),
    ),
    tlogEntries: v.nullish(v.array(entrySchema)),
    timestampVerificationData: v.nullish(
      v.strictObject({
        rfc3161Timestamps: v.nullish(
          v.pipe(v.array(v.strictObject({ signedTimestamp: timestamp })), v.maxLength(MAX_ENTRIES)),
        ),
      }),
    ),
  }),
  messageSignature: v.nullish(
    v.strictObject({
      // The one hash that our keys sign with: the library would hash as the bundle says.
      messageDigest: v.strictObject({ algorithm: v.literal('SHA2_256'), digest: base64 }),
      signature: base64,
    }),
  ),
  dsseEnvelope: v.nullish(
    v.strictObject({
      payload: base64,
      payloadType: short,
      signatures: v.array(v.strictObject({ sig: base64, keyid: v.nullish(short) })),
    }),
  ),
});

/** One that is kept under a media type: its own, or two readers would take it for two versions. */
export function parseBundleDocument({ mediaType, bytes }: BundleDocument): Bundle {
  const bundle = parseBundle(bytes);
  if (bundle.mediaType === mediaType) return bundle;
  throw malformed('it is kept under another media type than its own');
}

/**
 * A Sigstore bundle, whole and of one meaning, still unverified. Stricter than protobuf's JSON: no unknown field, one
 * content, one kind of signer, canonical numbers; readers that differ in these must not see two bundles.
 */
export function parseBundle(bytes: Uint8Array): Bundle {
  const place = { where: 'bundle', code: 'SIGNATURE_MALFORMED' } as const;
  try {
    if (bytes.length > MAX_BUNDLE_BYTES) throw malformed(`it has ${bytes.length} bytes: at most ${MAX_BUNDLE_BYTES}`);
    const value = parseJson(bytes, place);
    const shape = parseShape(bundleSchema, value, place);
    const { publicKey, certificate: leaf, x509CertificateChain } = shape.verificationMaterial;
    requireOne([publicKey, leaf, x509CertificateChain], 'signer (publicKey, certificate, x509CertificateChain)');
    requireOne([shape.messageSignature, shape.dsseEnvelope], 'content (messageSignature, dsseEnvelope)');
    return withoutBareProof(bundleFromJSON(value));
  } catch (cause) {
    if (cause instanceof SignatureRefusal) throw cause;
    if (codeOf(cause) === undefined && !(cause instanceof ValidationError)) throw cause;
    throw malformed((cause as Error).message, cause);
  }
}

/** The first version has proofs without a checkpoint: they prove nothing, and the promise beside them is what counts there. */
function withoutBareProof(bundle: Bundle): Bundle {
  const tlogEntries = bundle.verificationMaterial.tlogEntries.map((entry) =>
    entry.inclusionProof?.checkpoint ? entry : { ...entry, inclusionProof: undefined },
  );
  return { ...bundle, verificationMaterial: { ...bundle.verificationMaterial, tlogEntries } } as Bundle;
}

function requireOne(members: readonly unknown[], what: string): void {
  const count = members.filter((member) => member !== undefined && member !== null).length;
  if (count !== 1) throw malformed(`expected exactly one ${what}, got ${count}`);
}

function malformed(why: string, cause?: unknown): SignatureRefusal {
  return new SignatureRefusal('bundle-malformed', why, cause);
}
