import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../oci/digest.ts';
import { parseJson } from '../oci/parse-json.ts';
import { createTestLog, type TestRekorBundle } from '../testing/test-log.ts';
import { simpleSigningPayload } from '../testing/test-signer.ts';
import { parsePublicKey } from '../trust/public-key.ts';
import { pinnedLog } from '../trust/transparency-log.ts';
import type { Trust } from '../trust/trust.ts';
import { acceptLegacySignature } from './accept-legacy-signature.ts';
import { hashedRekordBody } from './hashed-rekord.ts';
import type { LegacySignature } from './legacy-signature.ts';
import { SignatureRefusal } from './signature-verdict.ts';
import { verifySignatures } from './verify-signatures.ts';

const image = 'registry.example.org/team/sandbox';
const digest = digestOf(Buffer.from('the image'));
const payload = Buffer.from(simpleSigningPayload(image, digest));
const readKey = (pem: string) => parsePublicKey(Buffer.from(pem), 'of the test');
const createPair = () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, key: readKey(publicKey.export({ type: 'spki', format: 'pem' }).toString()) };
};

const ours = createPair();
const theirs = createPair();
const log = createTestLog();
const trust: Trust = { image, keys: [ours.key], threshold: 1, logs: [pinnedLog(readKey(log.publicKeyPem))] };
const time = new Date('2026-07-29T10:00:00Z');

/** A signature with an entry for exactly it, in a log that asks no questions. */
function logged(
  der: Uint8Array,
  { key = ours.key, body }: { key?: typeof ours.key; body?: Uint8Array } = {},
): LegacySignature {
  const signature = Buffer.from(der).toString('base64');
  return { payload, signature, bundle: log.add({ payload, signature, key, time, body }) };
}
const signed = () => sign('sha256', payload, ours.privateKey);
const good = () => logged(signed());
const bundleOf = (found: LegacySignature) => found.bundle as TestRekorBundle;

function outcome(found: LegacySignature, its: Partial<Trust> = {}): string {
  try {
    return acceptLegacySignature(found, digest, { ...trust, ...its }).verdict;
  } catch (error) {
    if (error instanceof SignatureRefusal) return error.reason;
    throw error;
  }
}

const withBundle = (found: LegacySignature, members: object) => ({
  ...found,
  bundle: { ...bundleOf(found), ...members },
});
const withPayload = (found: LegacySignature, members: object) =>
  withBundle(found, { Payload: { ...bundleOf(found).Payload, ...members } });
const withBody = (found: LegacySignature, body: string) =>
  withPayload(found, { body: Buffer.from(body).toString('base64') });

describe('the text of a signature', () => {
  const text = good().signature;
  it.each([
    ['a blank in it', `${text.slice(0, 8)} ${text.slice(8)}`],
    ['a line feed after it', `${text}\n`],
    ['exclamation marks', `!!${text}`],
    ['the alphabet of URLs', Buffer.from([0x30, 0x44, 0xfb, 0xff, 0xfe]).toString('base64url')],
    ['too little padding', `${Buffer.alloc(70, 1).toString('base64').replace(/=+$/, '')}`],
    ['too much padding', `${text}=`],
    ['text after the padding', `${Buffer.alloc(70, 1).toString('base64')}AAAA`],
    ['unused bits that are set', `${Buffer.alloc(70, 0).toString('base64').slice(0, -3)}B==`],
    ['a NUL', `${text}\0`],
    ['nothing in it', ''],
  ])('bad input 57: is refused with %s', (_, signature) => {
    expect(outcome({ ...good(), signature })).toBe('signature-malformed');
    expect(outcome({ payload, signature, bundle: undefined }, { logEntry: 'not-required' })).toBe(
      'signature-malformed',
    );
  });
});

const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
type Numbers = readonly [r: bigint, s: bigint];
const numbersOf = (): Numbers => {
  const raw = sign('sha256', payload, { key: ours.privateKey, dsaEncoding: 'ieee-p1363' }).toString('hex');
  return [BigInt(`0x${raw.slice(0, 64)}`), BigInt(`0x${raw.slice(64)}`)];
};
const bytesOf = (value: bigint) => {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  return (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
};
const tlv = (tag: number, content: Uint8Array) => Buffer.concat([Buffer.of(tag, content.length), content]);
const sequence = (...parts: Uint8Array[]) => tlv(0x30, Buffer.concat(parts));
const integer = (value: bigint) => tlv(0x02, bytesOf(value));
const derOf = ([r, s]: Numbers) => sequence(integer(r), integer(s));
const padded = (value: bigint) => tlv(0x02, Buffer.concat([Buffer.of(0), bytesOf(value)]));
const rawOf = ([r, s]: Numbers) =>
  Buffer.from(r.toString(16).padStart(64, '0') + s.toString(16).padStart(64, '0'), 'hex');

describe('the DER of a signature', () => {
  const [r, s] = numbersOf();
  const low: Numbers = [r, s > N / 2n ? N - s : s];
  const high: Numbers = [r, N - low[1]];

  it('bad input 58: is accepted with a low and with a high s', () => {
    expect([outcome(logged(derOf(low))), outcome(logged(derOf(high)))]).toEqual(['accepted', 'accepted']);
  });

  it('bad input 58: (r, s) and (r, n−s) are one signer', () => {
    const both = [logged(derOf(low)), logged(derOf(high))];
    expect(verifySignatures(both, digest, trust).accepted).toHaveLength(2);
    expect(() => verifySignatures(both, digest, { ...trust, keys: [ours.key, theirs.key], threshold: 2 })).toThrow(
      expect.objectContaining({ code: 'THRESHOLD_NOT_MET' }),
    );
  });

  it.each<[string, Uint8Array]>([
    ['a byte after it', Buffer.concat([derOf(low), Buffer.of(0)])],
    ['bytes after it', Buffer.concat([derOf(low), derOf(low)])],
    ['a byte inside the sequence', sequence(integer(r), integer(s), Buffer.of(0))],
    ['a third number', sequence(integer(r), integer(s), integer(s))],
    ['one number', sequence(integer(r))],
    ['an r that is not minimal', sequence(padded(r), integer(s))],
    ['an s that is not minimal', sequence(integer(r), padded(s))],
    ['a length in the long form', Buffer.concat([Buffer.of(0x30, 0x81), derOf(low).subarray(1)])],
    ['an indefinite length', Buffer.concat([Buffer.of(0x30, 0x80), derOf(low).subarray(2), Buffer.of(0, 0)])],
    ['r = 0', derOf([0n, s])],
    ['s = 0', derOf([r, 0n])],
    ['r = s = 0', derOf([0n, 0n])],
    ['r = n', derOf([N, s])],
    ['s = n', derOf([r, N])],
    ['r + n', derOf([r + N, s])],
    ['s + n', derOf([r, s + N])],
    ['a negative r', sequence(tlv(0x02, Buffer.from(bytesOf(r | (1n << 255n)).subarray(1))), integer(s))],
    ['a set in place of the sequence', tlv(0x31, Buffer.concat([integer(r), integer(s)]))],
    ['octets in place of a number', sequence(tlv(0x04, bytesOf(r)), integer(s))],
    ['its end cut', derOf(low).subarray(0, -1)],
    ['the raw form', rawOf(low)],
    ['one byte', Buffer.of(0x30)],
    ['16 kB', Buffer.alloc(16 * 1024, 0x30)],
  ])('bad input 58: is refused with %s, though the log took it', (_, der) => {
    expect(outcome(logged(der))).toBe('signature-mismatch');
    const bare = { payload, signature: Buffer.from(der).toString('base64'), bundle: undefined };
    expect(outcome(bare, { logEntry: 'not-required' })).toBe('signature-foreign');
  });

  it.each([
    ['SHA-384', 'sha384'],
    ['SHA-512', 'sha512'],
    ['SHA-1', 'sha1'],
    ['SHA3-256', 'sha3-256'],
  ])('bad input 62: by our key over %s is refused, whatever the entry says', (_, hash) => {
    const der = sign(hash, payload, ours.privateKey);
    expect(outcome(logged(der))).toBe('signature-mismatch');
    const body = hashedRekordBody(payload, der.toString('base64'), ours.key).toString().replace('sha256', hash);
    expect(outcome(logged(der, { body: Buffer.from(body) }))).toBe('signature-mismatch');
  });
});

describe('the log entry of a signature', () => {
  const one = good();
  const body = hashedRekordBody(payload, one.signature, ours.key).toString();
  const inLog = (text: string) => logged(Buffer.from(one.signature, 'base64'), { body: Buffer.from(text) });
  const payloadHash = digestOf(payload).slice(7);
  const otherHash = digestOf(Buffer.from('x')).slice(7);
  const pem = Buffer.from(ours.key.entryContent, 'base64').toString();
  const crlf = Buffer.from(pem.replaceAll('\n', '\r\n')).toString('base64');

  it('bad input 65: must be there, unless the trust says that none is required', () => {
    const bare = { ...one, bundle: undefined };
    expect(outcome(bare)).toBe('log-entry-missing');
    expect(outcome(bare, { logEntry: 'required' })).toBe('log-entry-missing');
    expect(outcome(bare, { logEntry: 'not-required' })).toBe('accepted');
    expect(outcome({ ...bare, payload: Buffer.concat([payload, Buffer.of(0x20)]) }, { logEntry: 'not-required' })).toBe(
      'signature-foreign',
    );
  });

  it('bad input 65: must be right where there is one, also where none is required', () => {
    const forged = withPayload(one, { logIndex: 1 });
    expect(outcome(forged, { logEntry: 'not-required' })).toBe('log-promise-invalid');
  });

  it.each<[string, LegacySignature, string]>([
    ['59: for another signature by our key', { ...one, bundle: good().bundle }, 'log-entry-mismatch'],
    [
      '66: copied from a stranger’s signature',
      { ...one, bundle: logged(sign('sha256', payload, theirs.privateKey), { key: theirs.key }).bundle },
      'log-entry-mismatch',
    ],
    [
      '67: with our signature and another public key',
      logged(Buffer.from(one.signature, 'base64'), { key: theirs.key }),
      'log-entry-mismatch',
    ],
    ['68: for another digest', inLog(body.replace(payloadHash, otherHash)), 'log-entry-mismatch'],
    [
      '69: with the digest in upper case',
      inLog(body.replace(payloadHash, payloadHash.toUpperCase())),
      'log-entry-mismatch',
    ],
    ['69: with text after the digest', inLog(body.replace(payloadHash, `${payloadHash}zz`)), 'log-entry-mismatch'],
    ['69: with the algorithm md5', inLog(body.replace('sha256', 'md5')), 'log-entry-mismatch'],
    ['69: with a PEM key in CRLF', inLog(body.replace(ours.key.entryContent, crlf)), 'log-entry-mismatch'],
    ['69: with a blank in the body', inLog(body.replace(',', ', ')), 'log-entry-mismatch'],
    ['69: with a line feed after the body', inLog(`${body}\n`), 'log-entry-mismatch'],
    [
      '69: with the members in another order',
      inLog(JSON.stringify({ kind: 'hashedrekord', ...JSON.parse(body) })),
      'log-entry-mismatch',
    ],
    ['69: with a member more', inLog(body.replace('{', '{"a":1,')), 'log-entry-mismatch'],
    ['69: of another version', inLog(body.replace('0.0.1', '0.0.2')), 'log-entry-mismatch'],
    ['69: of kind rekord', inLog(body.replace('hashedrekord', 'rekord')), 'log-entry-mismatch'],
    [
      '61: with a certificate in place of the key',
      inLog(body.replace(ours.key.entryContent, Buffer.from('-----BEGIN CERTIFICATE-----').toString('base64'))),
      'log-entry-mismatch',
    ],
    ['with a body that is no JSON', inLog('hello'), 'log-entry-mismatch'],
    ['69: changed after the promise', withBody(one, body.replace('0.0.1', '0.0.2')), 'log-entry-mismatch'],
    ['71: with another index', withPayload(one, { logIndex: 99_999_999_999 }), 'log-promise-invalid'],
    ['71: with the index 0', withPayload(one, { logIndex: 0 }), 'log-promise-invalid'],
    ['73: with another time', withPayload(one, { integratedTime: 4_102_444_800 }), 'log-promise-invalid'],
    ['72: with another log ID', withPayload(one, { logID: '0'.repeat(64) }), 'log-unknown'],
    [
      '70: with a bit of the promise changed',
      withBundle(one, {
        SignedEntryTimestamp: Buffer.from(
          Buffer.from(bundleOf(one).SignedEntryTimestamp, 'base64').map((byte, at) => (at === 20 ? byte ^ 1 : byte)),
        ).toString('base64'),
      }),
      'log-promise-invalid',
    ],
    [
      '70: promised by another log under our log’s ID',
      withBundle(one, {
        SignedEntryTimestamp: createTestLog().add({ payload, signature: one.signature, key: ours.key, time })
          .SignedEntryTimestamp,
      }),
      'log-promise-invalid',
    ],
    [
      '66: with the promise of another entry',
      withBundle(one, { SignedEntryTimestamp: bundleOf(good()).SignedEntryTimestamp }),
      'log-promise-invalid',
    ],
  ])('bad input %s: is refused', (_, found, reason) => expect(outcome(found)).toBe(reason));

  it('bad input 73: a time that the log did sign counts, however far', () => {
    const far = log.add({ payload, signature: one.signature, key: ours.key, time: new Date('5138-11-16T00:00:00Z') });
    expect(outcome({ ...one, bundle: far })).toBe('accepted');
    const never = log.add({ payload, signature: one.signature, key: ours.key, time: new Date(8.64e15) });
    expect(
      outcome({ ...one, bundle: { ...never, Payload: { ...never.Payload, integratedTime: 9_007_199_254_740_991 } } }),
    ).toBe('log-key-expired');
  });

  it.each([2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2_086_326_142, Number.MAX_SAFE_INTEGER, 0])(
    'bad input 76: has the index %i',
    (logIndex) => {
      const bundle = log.add({ payload, signature: one.signature, key: ours.key, time, logIndex });
      expect(acceptLegacySignature({ ...one, bundle }, digest, trust).log).toEqual({
        id: log.id,
        index: logIndex,
        time,
      });
    },
  );
});

describe('the shape of a log entry', () => {
  const one = good();
  const text = JSON.stringify(one.bundle);
  const { logIndex, integratedTime, logID, body } = bundleOf(one).Payload;
  const parsed = (changed: string) => ({
    ...one,
    bundle: parseJson(Buffer.from(changed), { where: 'the test', code: 'SIGNATURE_MALFORMED' }),
  });
  const numbers = [
    '5175364400e-2',
    '51753644.0',
    '1e3',
    '-0',
    '-5',
    'true',
    'null',
    '0.5',
    '"1"',
    '"not-a-number"',
    '" 1 "',
    '"+1"',
    '"0x1"',
    '[1]',
    '{}',
    '9007199254740992',
    '9007199254740993',
    '1e400',
  ];

  it('is taken as parse-json gave it', () => expect(outcome(parsed(text))).toBe('accepted'));

  it.each(numbers)('bad input 74 and 75: is refused with the index or time %s', (number) => {
    expect(outcome(parsed(text.replace(`"logIndex":${logIndex}`, `"logIndex":${number}`)))).toBe('log-entry-malformed');
    expect(outcome(parsed(text.replace(`"integratedTime":${integratedTime}`, `"integratedTime":${number}`)))).toBe(
      'log-entry-malformed',
    );
  });

  it('bad input 75: is refused with a number that a lenient parser rounded', () => {
    const bundle = log.add({ payload, signature: one.signature, key: ours.key, time, logIndex: 2 ** 53 });
    expect(
      outcome({ ...one, bundle: JSON.parse(JSON.stringify(bundle).replace('9007199254740992', '9007199254740993')) }),
    ).toBe('log-entry-malformed');
    expect(outcome(withPayload(one, { logIndex: 1.5 }))).toBe('log-entry-malformed');
    expect(outcome(withPayload(one, { logIndex: Number.POSITIVE_INFINITY }))).toBe('log-entry-malformed');
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['a text', text],
    ['a list', [one.bundle]],
    ['nothing in it', {}],
    ['no payload', { ...bundleOf(one), Payload: undefined }],
    ['no promise', { ...bundleOf(one), SignedEntryTimestamp: undefined }],
    ['an empty promise', { ...bundleOf(one), SignedEntryTimestamp: '' }],
    [
      'a promise in two spellings',
      { ...bundleOf(one), SignedEntryTimestamp: `${bundleOf(one).SignedEntryTimestamp}=` },
    ],
    ['a promise of 64 kB', { ...bundleOf(one), SignedEntryTimestamp: Buffer.alloc(64 * 1024).toString('base64') }],
    ['bad input 61: a certificate', { ...bundleOf(one), cert: ours.key.entryContent }],
    ['a further member in the payload', withPayload(one, { inclusionProof: {} }).bundle],
    ['no body', withPayload(one, { body: undefined }).bundle],
    ['a body that is an object', withPayload(one, { body: JSON.parse(Buffer.from(body, 'base64').toString()) }).bundle],
    ['a log ID in upper case', withPayload(one, { logID: logID.toUpperCase().replace(/^\d+$/, 'A') }).bundle],
    ['a log ID with a line feed', withPayload(one, { logID: `${logID}\n` }).bundle],
    ['bad input 36: a log ID called __proto__', withPayload(one, { logID: '__proto__' }).bundle],
    ['a log ID in base64', withPayload(one, { logID: Buffer.from(logID, 'hex').toString('base64') }).bundle],
  ])('is refused with %s', (_, bundle) => expect(outcome({ ...one, bundle })).toBe('log-entry-malformed'));
});
