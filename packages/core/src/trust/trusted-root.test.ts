import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import { namePublicRoot, type PublicRoot } from './public-root.ts';
import { builtInTrustedRoot, parseTrustedRoot } from './trusted-root.ts';

type Member = Record<string, unknown>;

const p256 = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
const spkiOf = (key: KeyObject) => key.export({ type: 'spki', format: 'der' });
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

function logOf(key: KeyObject, { details = 'PKIX_ECDSA_P256_SHA_256', start = '2021-01-12T11:53:27Z', end = '' } = {}) {
  return {
    baseUrl: 'https://log.example.org',
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: spkiOf(key).toString('base64'),
      keyDetails: details,
      validFor: { start, ...(end && { end }) } as Member,
    },
    logId: { keyId: sha256(spkiOf(key)).toString('base64') },
  };
}

function rootOf(tlogs: readonly unknown[], more: Member = {}): Uint8Array {
  return Buffer.from(
    JSON.stringify({ mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1', tlogs, ...more }),
  );
}

function codeOfParsing(bytes: Uint8Array): string | undefined {
  try {
    parseTrustedRoot(bytes, 'of the test');
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

describe('a trusted root', () => {
  it.each<[string, Partial<PublicRoot>, string]>([
    ['a file of the user', { origin: 'file', from: './root.json' }, 'the trusted root "./root.json" is not JSON'],
    [
      'the public one',
      { origin: 'built-in', date: new Date(0) },
      'Sigstore’s public trusted root of 1970-01-01 (built in) is not JSON',
    ],
  ])('that is refused is called what people call it, once: %s', (_, root, message) => {
    const bytes = Buffer.from('{');
    const name = namePublicRoot({ origin: 'file', from: '', bytes, ...root });
    expect(() => parseTrustedRoot(bytes, name)).toThrow(expect.objectContaining({ code: 'PROFILE_INVALID', message }));
  });

  const key = p256();
  const log = logOf(key);

  it('gives each log its ID, key and time of validity', () => {
    const end = '2030-01-01T00:00:00.5Z';
    const [parsed] = parseTrustedRoot(rootOf([logOf(key, { end })]), 'of the test').logs;
    expect(parsed?.id).toBe(sha256(spkiOf(key)).toString('hex'));
    expect(parsed?.isPinned).toBe(false);
    expect(parsed?.authority.publicKey.equals(key)).toBe(true);
    expect(parsed?.authority.logID.toString('hex')).toBe(parsed?.id);
    expect(parsed?.authority.baseURL).toBe('https://log.example.org');
    expect(parsed?.authority.validFor).toEqual({ start: new Date('2021-01-12T11:53:27Z'), end: new Date(end) });
  });

  it.each([
    ['the old media type of 0.1', 'application/vnd.dev.sigstore.trustedroot+json;version=0.1'],
    ['the new media type of 0.1', 'application/vnd.dev.sigstore.trustedroot.v0.1+json'],
    ['the media type of 0.2', 'application/vnd.dev.sigstore.trustedroot.v0.2+json'],
  ])('is read in %s', (_, mediaType) => {
    expect(parseTrustedRoot(rootOf([log], { mediaType }), 'of the test').logs).toHaveLength(1);
  });

  it.each([
    ['P-384', 'PKIX_ECDSA_P384_SHA_384', generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey],
    ['Ed25519', 'PKIX_ED25519', generateKeyPairSync('ed25519').publicKey],
    ['RSA-2048', 'PKIX_RSA_PKCS1V15_2048_SHA256', generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey],
  ])('may hold a log with a key of kind %s', (_, details, other) => {
    expect(parseTrustedRoot(rootOf([logOf(other, { details })]), 'of the test').logs).toHaveLength(1);
  });

  it('may hold a Rekor v2 log, whose ID is not the hash of its key', () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const keyId = sha256(Buffer.from('a checkpoint key ID')).toString('base64');
    const v2 = { ...logOf(publicKey, { details: 'PKIX_ED25519' }), logId: { keyId } };
    expect(parseTrustedRoot(rootOf([log, v2]), 'of the test').logs.map(({ id }) => id)).toEqual([
      sha256(spkiOf(key)).toString('hex'),
      Buffer.from(keyId, 'base64').toString('hex'),
    ]);
  });

  it('may hold members that only later rules read, and a log without a base URL', () => {
    const { baseUrl: _, ...unnamed } = log;
    const more = { certificateAuthorities: [], ctlogs: [], timestampAuthorities: [], anythingNew: { at: 'all' } };
    expect(parseTrustedRoot(rootOf([unnamed], more), 'of the test').logs[0]?.authority.baseURL).toBe('');
  });

  it('may hold one log in two times that do not overlap', () => {
    const before = logOf(key, { end: '2022-01-01T00:00:00Z' });
    const after = logOf(key, { start: '2022-01-01T00:00:00.001Z' });
    expect(parseTrustedRoot(rootOf([before, after]), 'of the test').logs).toHaveLength(2);
  });

  const change = (member: 'publicKey' | 'logId', values: Member) => ({
    ...log,
    [member]: { ...log[member], ...values },
  });
  const validFor = (values: unknown) => change('publicKey', { validFor: values });
  const differentId = { keyId: Buffer.alloc(32, 7).toString('base64') };
  const otherKind = (other: KeyObject, details: string) => rootOf([logOf(other, { details })]);
  const secp256k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey;
  const rsa1024 = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  const overlapping = [logOf(key, { end: '2022-01-01T00:00:00Z' }), logOf(key, { start: '2022-01-01T00:00:00Z' })];

  const endedAuthority = {
    certChain: { certificates: [{ rawBytes: 'AAAA' }] },
    validFor: { start: '2021-01-12T11:53:27Z', end: '2020-01-01T00:00:00Z' },
  };

  const yearly = (count: number) =>
    Array.from({ length: count }, (_, at) =>
      logOf(key, { start: `${2000 + at}-01-01T00:00:00Z`, end: `${2000 + at}-12-31T00:00:00Z` }),
    );

  it('may hold 64 logs', () => expect(parseTrustedRoot(rootOf(yearly(64)), 'of the test').logs).toHaveLength(64));

  it.each([
    ['85: a log key without a start of validity', rootOf([validFor({})])],
    ['85: a log key without validity', rootOf([validFor(undefined)])],
    ['85: a start of validity that is null', rootOf([validFor({ start: null })])],
    ['85: a start that is no time', rootOf([validFor({ start: 'since ever' })])],
    ['85: a start given as a number', rootOf([validFor({ start: 0 })])],
    ['85: an end that is no time', rootOf([validFor({ start: '2021-01-12T11:53:27Z', end: '' })])],
    ['85: an end before the start', rootOf([logOf(key, { end: '2020-01-01T00:00:00Z' })])],
    [
      '113: an authority whose validity ends before it starts',
      rootOf([log], { timestampAuthorities: [endedAuthority] }),
    ],
    ['193: one log listed twice', rootOf([log, log])],
    ['193: one log ID with two keys', rootOf([log, { ...logOf(p256()), logId: log.logId }])],
    ['193: one key under two log IDs', rootOf([log, { ...log, logId: differentId }])],
    ['193: one log in overlapping times', rootOf(overlapping)],
    ['193: an http base URL', rootOf([{ ...log, baseUrl: 'http://log.example.org' }])],
    ['193: a base URL of a file', rootOf([{ ...log, baseUrl: 'file:///etc/hosts' }])],
    ['193: a base URL with a password', rootOf([{ ...log, baseUrl: 'https://user:pw@log.example.org' }])],
    ['193: a base URL that is none', rootOf([{ ...log, baseUrl: 'log.example.org' }])],
    ['193: more than a megabyte', Buffer.concat([rootOf([log]), Buffer.alloc(1024 * 1024, 0x20)])],
    ['193: too many logs', rootOf(yearly(65))],
    ['193: no log at all', rootOf([])],
    ['193: a log that is null', rootOf([null])],
    ['193: no media type', rootOf([log], { mediaType: undefined })],
    ['193: a media type of a bundle', rootOf([log], { mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json' })],
    [
      '193: an unknown version',
      rootOf([log], { mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.19' }),
    ],
    ['193: no key', rootOf([{ ...log, publicKey: undefined }])],
    ['193: a key that is not base64', rootOf([change('publicKey', { rawBytes: '!!' })])],
    [
      '193: a key in a second spelling of base64',
      rootOf([change('publicKey', { rawBytes: `${log.publicKey.rawBytes}=` })]),
    ],
    [
      '193: a key with a byte after it',
      rootOf([change('publicKey', { rawBytes: Buffer.concat([spkiOf(key), Buffer.of(0)]).toString('base64') })]),
    ],
    ['193: a key that is no key', rootOf([change('publicKey', { rawBytes: 'AAAA' })])],
    ['193: a key of another kind than it says', rootOf([change('publicKey', { keyDetails: 'PKIX_ED25519' })])],
    ['193: a kind of key called constructor', rootOf([change('publicKey', { keyDetails: 'constructor' })])],
    ['193: a key on secp256k1', otherKind(secp256k1, 'PKIX_ECDSA_P256_SHA_256')],
    ['193: an RSA key of 1024 bits', otherKind(rsa1024, 'PKIX_RSA_PKCS1V15_2048_SHA256')],
    ['193: a log without an ID', rootOf([{ ...log, logId: undefined }])],
    ['193: a log ID of 31 bytes', rootOf([change('logId', { keyId: Buffer.alloc(31).toString('base64') })])],
    ['193: another hash algorithm', rootOf([{ ...log, hashAlgorithm: 'SHA2_512' }])],
    ['193: two lists of logs', Buffer.from(rootOf([log]).toString().replace('{', '{"tlogs":[],'))],
    ['193: an empty file', Buffer.alloc(0)],
    ['193: a list', Buffer.from('[]')],
  ])('is refused, bad input %s', (_, bytes) => {
    expect(codeOfParsing(bytes)).toBe('PROFILE_INVALID');
  });
});

describe('the built-in public trusted root', () => {
  it('knows the Rekor v1 log from the day it began, without an end', () => {
    const rekor = builtInTrustedRoot().logs.find(({ id }) => id.startsWith('c0d23d6a'));
    expect(rekor?.authority.validFor.start.toISOString()).toBe('2021-01-12T11:53:27.000Z');
    expect(rekor?.authority.publicKey.asymmetricKeyType).toBe('ec');
  });

  it('is read once', () => {
    expect(builtInTrustedRoot().logs).toBe(builtInTrustedRoot().logs);
  });
});
