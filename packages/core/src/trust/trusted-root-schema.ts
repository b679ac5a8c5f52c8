import * as v from 'valibot';
import { timestamp } from '../oci/timestamp.ts';
import { decodeBase64 } from '../verify/canonical-base64.ts';

const MAX_LOGS = 64;
const MAX_AUTHORITIES = 64;
const MAX_CHAIN = 8;

// protobuf-specs, sigstore_trustroot.proto, TrustedRoot.media_type: the two forms of 0.1, and 0.2.
const MEDIA_TYPES = [
  'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  'application/vnd.dev.sigstore.trustedroot.v0.1+json',
  'application/vnd.dev.sigstore.trustedroot.v0.2+json',
];

/** The key kinds that are taken (sigstore_common.proto, PublicKeyDetails), and what Node calls such a key. */
export const KEY_KINDS: Readonly<Record<string, string>> = {
  PKIX_ECDSA_P256_SHA_256: 'prime256v1',
  PKIX_ECDSA_P384_SHA_384: 'secp384r1',
  PKIX_ED25519: 'ed25519',
  PKIX_RSA_PKCS1V15_2048_SHA256: 'rsa',
  PKIX_RSA_PKCS1V15_3072_SHA256: 'rsa',
  PKIX_RSA_PKCS1V15_4096_SHA256: 'rsa',
  // Deprecated, and what the first certificate logs are listed with (there is no hash in the name: it is SHA-256).
  PKCS1_RSA_PKCS1V5: 'rsa',
};

const base64 = v.pipe(
  v.string(),
  v.transform(decodeBase64),
  v.custom<Buffer>((bytes) => bytes !== undefined, 'expected canonical base64'),
);
// Without a start a library reads "since ever": a key would vouch for times before it existed.
const period = v.object({ start: timestamp, end: v.optional(timestamp) });
const logSchema = v.object({
  // Only ever compared with the name in a checkpoint. JSON leaves it out where it is empty.
  baseUrl: v.optional(v.pipe(v.string(), v.check(isSafeUrl, 'expected an https URL')), ''),
  hashAlgorithm: v.literal('SHA2_256'),
  publicKey: v.object({
    rawBytes: base64,
    keyDetails: v.picklist(Object.keys(KEY_KINDS)),
    validFor: period,
  }),
  logId: v.object({ keyId: v.pipe(base64, v.length(32, 'expected 32 bytes')) }),
});
const authoritySchema = v.object({
  // Told to people, and used for nothing else.
  uri: v.optional(v.pipe(v.string(), v.check(isSafeUrl, 'expected an https URL')), ''),
  certChain: v.object({
    certificates: v.pipe(
      v.array(v.object({ rawBytes: base64 })),
      v.minLength(1, 'expected at least one certificate'),
      v.maxLength(MAX_CHAIN, `expected at most ${MAX_CHAIN} certificates`),
    ),
  }),
  validFor: period,
});
const authorities = v.optional(
  v.pipe(v.array(authoritySchema), v.maxLength(MAX_AUTHORITIES, `expected at most ${MAX_AUTHORITIES} authorities`)),
  [],
);
export const rootSchema = v.object({
  mediaType: v.picklist(MEDIA_TYPES),
  certificateAuthorities: authorities,
  timestampAuthorities: authorities,
  ctlogs: v.optional(
    v.pipe(v.array(logSchema), v.maxLength(MAX_LOGS, `expected at most ${MAX_LOGS} certificate logs`)),
    [],
  ),
  tlogs: v.pipe(
    v.array(logSchema),
    v.minLength(1, 'expected at least one transparency log'),
    v.maxLength(MAX_LOGS, `expected at most ${MAX_LOGS} transparency logs`),
  ),
});

export type RootFile = v.InferOutput<typeof rootSchema>;

function isSafeUrl(text: string): boolean {
  if (text === '') return true;
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return (protocol === 'https:' || (protocol === 'http:' && isLoopback)) && username === '' && password === '';
}
