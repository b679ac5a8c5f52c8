import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import * as v from 'valibot';
import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { parseJson } from '../oci/parse-json.ts';
import { parseShape } from '../oci/parse-shape.ts';
import { decodeBase64 } from '../verify/canonical-base64.ts';
import type { AuthorityDescription } from './certificate-trust.ts';
import publicTrustedRoot from './public-trusted-root.json' with { type: 'json' };
import type { TransparencyLog } from './transparency-log.ts';

const MAX_ROOT_BYTES = 1024 * 1024;
const MAX_LOGS = 64;
const MAX_AUTHORITIES = 64;
const MAX_CHAIN = 8;
const MIN_RSA_BITS = 2048;
const END_OF_TIME = new Date(8.64e15);

// protobuf-specs, sigstore_trustroot.proto, TrustedRoot.media_type: the two forms of 0.1, and 0.2.
const MEDIA_TYPES = [
  'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  'application/vnd.dev.sigstore.trustedroot.v0.1+json',
  'application/vnd.dev.sigstore.trustedroot.v0.2+json',
];

/** The key kinds that are taken (sigstore_common.proto, PublicKeyDetails), and what Node calls such a key. */
const KEY_KINDS: Readonly<Record<string, string>> = {
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
const time = v.pipe(
  v.string(),
  v.isoTimestamp('expected an RFC 3339 time'),
  v.transform((text) => new Date(text)),
);
// Without a start a library reads "since ever": a key would vouch for times before it existed.
const period = v.object({ start: time, end: v.optional(time) });
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
const rootSchema = v.object({
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

/** What a Sigstore `trusted_root.json` says may be believed. Parsed, not yet turned into certificates: few runs need those. */
export interface TrustedRoot {
  /**
   * Logs of Rekor v2 stay in the list: they sign no promise (SET), so nothing in a legacy signature can pass for their
   * word.
   */
  readonly logs: readonly TransparencyLog[];
  readonly certificateLogs: readonly TransparencyLog[];
  readonly certificateAuthorities: readonly AuthorityDescription[];
  readonly timestampAuthorities: readonly AuthorityDescription[];
}

export function parseTrustedRoot(bytes: Uint8Array, where: string): TrustedRoot {
  const place = { where: `trusted root ${where}`, code: 'PROFILE_INVALID' } as const;
  if (bytes.length > MAX_ROOT_BYTES) throw refused(place.where, `is longer than ${MAX_ROOT_BYTES} bytes`);
  return readRoot(parseJson(bytes, place), place.where);
}

let publicRoot: TrustedRoot | undefined;

/** The public Sigstore instance's, as known when this version was released. */
export function builtInTrustedRoot(): TrustedRoot {
  publicRoot ??= readRoot(publicTrustedRoot, 'the built-in public trusted root');
  return publicRoot;
}

function readRoot(root: unknown, where: string): TrustedRoot {
  const parsed = parseShape(rootSchema, root, { where, code: 'PROFILE_INVALID' });
  const logs = parsed.tlogs.map((log) => toLog(log, where));
  const certificateLogs = parsed.ctlogs.map((log) => toLog(log, where));
  refuseDuplicates(logs, where);
  refuseDuplicates(certificateLogs, where);
  return Object.freeze({
    logs: Object.freeze(logs),
    certificateLogs: Object.freeze(certificateLogs),
    certificateAuthorities: parsed.certificateAuthorities.map((authority) => toAuthority(authority, where)),
    timestampAuthorities: parsed.timestampAuthorities.map((authority) => toAuthority(authority, where)),
  });
}

function toAuthority(
  { uri, certChain, validFor: { start, end = END_OF_TIME } }: v.InferOutput<typeof authoritySchema>,
  where: string,
): AuthorityDescription {
  if (end <= start) throw refused(where, 'lists an authority whose validity ends before it starts');
  return { uri, certificates: certChain.certificates.map(({ rawBytes }) => rawBytes), validFor: { start, end } };
}

function toLog({ baseUrl, publicKey, logId }: v.InferOutput<typeof logSchema>, where: string): TransparencyLog {
  const id = logId.keyId.toString('hex');
  const { start, end = END_OF_TIME } = publicKey.validFor;
  if (end <= start) throw refused(where, `log ${id}: its key’s validity ends before it starts`);
  const key = readKey(publicKey.rawBytes, publicKey.keyDetails, `log ${id} of ${where}`);
  return {
    id,
    isPinned: false,
    authority: { logID: logId.keyId, baseURL: baseUrl, publicKey: key, validFor: { start, end } },
  };
}

/** The key must be of the kind it is said to be: which hash goes with it depends on that. */
function readKey(der: Buffer, details: string, where: string): KeyObject {
  const type = details.startsWith('PKCS1_') ? 'pkcs1' : 'spki';
  const key = readPublicKey(der, type, where);
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  const kind = namedCurve ?? key.asymmetricKeyType;
  if (kind !== KEY_KINDS[details] || (kind === 'rsa' && modulusLength < MIN_RSA_BITS)) {
    throw refused(where, `is said to have a key ${details}, but it is ${printable(kind)}`);
  }
  if (!key.export({ type, format: 'der' }).equals(der)) throw refused(where, 'has a key that is not canonical DER');
  return key;
}

function readPublicKey(der: Buffer, type: 'spki' | 'pkcs1', where: string): KeyObject {
  try {
    return createPublicKey({ key: der, format: 'der', type });
  } catch (cause) {
    throw refused(where, 'has no readable public key', cause);
  }
}

/** One log twice, by ID or by key, at one time: which entry decides would depend on who reads, and one log count as two. */
function refuseDuplicates(logs: readonly TransparencyLog[], where: string): void {
  const seen = new Map<string, TransparencyLog['authority']['validFor'][]>();
  for (const { id, authority } of logs) {
    const spki = authority.publicKey.export({ type: 'spki', format: 'der' });
    for (const name of new Set([id, createHash('sha256').update(spki).digest('hex')])) {
      const periods = seen.get(name) ?? [];
      const { start, end } = authority.validFor;
      if (periods.some((period) => start <= period.end && period.start <= end)) {
        throw refused(where, `lists log ${id} twice for the same time`);
      }
      seen.set(name, [...periods, authority.validFor]);
    }
  }
}

function isSafeUrl(text: string): boolean {
  if (text === '') return true;
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return (protocol === 'https:' || (protocol === 'http:' && isLoopback)) && username === '' && password === '';
}

function refused(where: string, why: string, cause?: unknown): CodedError {
  return new CodedError('PROFILE_INVALID', `${where} ${why}`, {
    suggestions: ['Get trusted_root.json again from whoever runs the log, by a way that you trust.'],
    cause,
  });
}
