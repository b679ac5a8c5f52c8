import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import { parsePublicKey } from './public-key.ts';

const pemOf = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = pemOf(pair.publicKey);
const der = pair.publicKey.export({ type: 'spki', format: 'der' });
const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).publicKey;
const curve = (namedCurve: string) => pemOf(generateKeyPairSync('ec', { namedCurve }).publicKey);

const block = (label: string, bytes: Uint8Array) => {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
};

function codeOfParsing(bytes: string | Uint8Array): string | undefined {
  try {
    parsePublicKey(Buffer.from(bytes as string), 'of the test');
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

describe('a pinned public key', () => {
  it('has a fingerprint of the key, a digest of the file and the PEM that a log entry holds', () => {
    const key = parsePublicKey(Buffer.from(pem), 'of the test');
    expect(key.fingerprint).toBe(createHash('sha256').update(der).digest('hex'));
    expect(key.fileDigest).toBe(createHash('sha256').update(pem).digest('hex'));
    expect(Buffer.from(key.entryContent, 'base64').toString()).toBe(pem);
    expect(key.keyObject.equals(pair.publicKey)).toBe(true);
  });

  it.each([
    ['with CRLF', pem.replaceAll('\n', '\r\n')],
    ['without the last line feed', pem.trimEnd()],
    ['with empty lines after it', `${pem}\n\n`],
  ])('bad input 60: is the same key %s, in another file', (_, text) => {
    const [key, plain] = [
      parsePublicKey(Buffer.from(text), 'of the test'),
      parsePublicKey(Buffer.from(pem), 'of the test'),
    ];
    expect([key.fingerprint, key.entryContent]).toEqual([plain.fingerprint, plain.entryContent]);
    expect(key.fileDigest).not.toBe(plain.fileDigest);
  });

  it.each([2048, 4096])('may be RSA of %i bits', (bits) => {
    expect(codeOfParsing(pemOf(rsa(bits)))).toBeUndefined();
  });

  const certificateLike = block('CERTIFICATE', der);
  const certificateAndKey = `${certificateLike}${pem}`;
  const privatePem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const [first = '', second = ''] = [pem, pemOf(other.publicKey)].map((text) =>
    text.split('\n').slice(1, -2).join('\n'),
  );
  const twoInOne = `-----BEGIN PUBLIC KEY-----\n${first}\n${second}\n-----END PUBLIC KEY-----\n`;

  it.each([
    ['nothing', ''],
    ['two keys', pem + pemOf(other.publicKey)],
    ['the same key twice', pem + pem],
    ['two keys in one block', twoInOne],
    ['text before it', `# our key\n${pem}`],
    ['a blank line before it', `\n${pem}`],
    ['text after it', `${pem}# our key\n`],
    ['a byte-order mark', `\ufeff${pem}`],
    ['UTF-16', Buffer.from(pem, 'utf16le')],
    ['a NUL after it', `${pem}\0`],
    ['a private key', privatePem],
    ['a private key in SEC1', pair.privateKey.export({ type: 'sec1', format: 'pem' }).toString()],
    ['a private key labelled as public', block('PUBLIC KEY', pair.privateKey.export({ type: 'pkcs8', format: 'der' }))],
    ['a certificate', certificateLike],
    ['a certificate and a key', certificateAndKey],
    ['an RSA key in PKCS#1', rsa(2048).export({ type: 'pkcs1', format: 'pem' }).toString()],
    ['an RSA key of 1024 bits', pemOf(rsa(1024))],
    ['an RSA-PSS key', pemOf(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey)],
    ['a key on secp256k1', curve('secp256k1')],
    ['a key on P-384', curve('P-384')],
    ['a key on P-521', curve('P-521')],
    ['an Ed25519 key', pemOf(generateKeyPairSync('ed25519').publicKey)],
    ['DER', der],
    ['base64 without its frame', der.toString('base64')],
    ['a byte after the key', block('PUBLIC KEY', Buffer.concat([der, Buffer.of(0)]))],
    ['a key that was cut', block('PUBLIC KEY', der.subarray(0, -1))],
    [
      'a point that is not on the curve',
      block('PUBLIC KEY', Buffer.from(der.map((byte, at) => (at === 90 ? byte ^ 1 : byte)))),
    ],
    ['padding in the middle', pem.replace(/\n(.{10})/, '\n$1=\n')],
    ['padding too much', pem.replace('==\n', '===\n')],
    [
      'a second spelling of base64',
      pem.replace(/(.)==\n/, (_, last: string) => `${String.fromCharCode(last.charCodeAt(0) + 1)}==\n`),
    ],
    ['more than 16 kB', `${pem}${'\n'.repeat(16 * 1024)}`],
  ])('bad input 60: is not %s', (_, bytes) => {
    expect(codeOfParsing(bytes)).toBe('KEY_INVALID');
  });
});
