import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { parseJson } from '../oci/parse-json.ts';
import { parseShape } from '../oci/parse-shape.ts';
import type { AuthorityDescription } from './certificate-trust.ts';
import publicTrustedRoot from './public-trusted-root.json' with { type: 'json' };
import type { TransparencyLog } from './transparency-log.ts';
import { KEY_KINDS, type RootFile, rootSchema } from './trusted-root-schema.ts';

const MAX_ROOT_BYTES = 1024 * 1024;
const MIN_RSA_BITS = 2048;
const END_OF_TIME = new Date(8.64e15);

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

/** `where` is what a message calls it, as `namePublicRoot` does. */
export function parseTrustedRoot(bytes: Uint8Array, where: string): TrustedRoot {
  if (bytes.length > MAX_ROOT_BYTES) throw refused(where, `is longer than ${MAX_ROOT_BYTES} bytes`);
  return readRoot(parseJson(bytes, { where, code: 'PROFILE_INVALID' }), where);
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
  { uri, certChain, validFor: { start, end = END_OF_TIME } }: RootFile['certificateAuthorities'][number],
  where: string,
): AuthorityDescription {
  if (end <= start) throw refused(where, 'lists an authority whose validity ends before it starts');
  return { uri, certificates: certChain.certificates.map(({ rawBytes }) => rawBytes), validFor: { start, end } };
}

function toLog({ baseUrl, publicKey, logId }: RootFile['tlogs'][number], where: string): TransparencyLog {
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

function refused(where: string, why: string, cause?: unknown): CodedError {
  return new CodedError('PROFILE_INVALID', `${where} ${why}`, {
    suggestions: ['Get trusted_root.json again from whoever runs the log, by a way that you trust.'],
    cause,
  });
}
