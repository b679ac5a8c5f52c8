import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf, hexOf } from '../oci/digest.ts';
import { createTestSigner } from '../testing/test-signer.ts';
import { parsePublicKey } from '../trust/public-key.ts';
import { pinnedLog } from '../trust/transparency-log.ts';
import type { Trust } from '../trust/trust.ts';
import { verifySignatures } from '../verify/verify-signatures.ts';
import { keyFoldersWith, readSignatures, storedDigests, writeSignatures } from './signature-store.ts';
import type { StateFolder } from './state-folder.ts';

const image = 'registry.example.org/team/sandbox';
const digest = digestOf(Buffer.from('an image'));
const signer = createTestSigner({ image });
const stranger = createTestSigner({ image, log: signer.log });
const key = parsePublicKey(Buffer.from(signer.publicKeyPem), 'key');
const logKey = parsePublicKey(Buffer.from(signer.logPublicKeyPem), 'log key');
const trust: Trust = { image, keys: [key], threshold: 1, logs: [pinnedLog(logKey)] };
const signature = signer.sign({ digest, logIndex: 5000 });

let folder: StateFolder;
beforeEach(() => {
  folder = { path: mkdtempSync(join(tmpdir(), 'signatures-')) };
});
afterEach(() => rmSync(folder.path, { recursive: true, force: true }));

const path = () => join(folder.path, 'signatures', key.fileDigest, `${hexOf(digest)}.json`);
const entries = () => JSON.parse(readFileSync(path(), 'utf8')) as Record<string, unknown>[];
function put(content: string): void {
  mkdirSync(dirname(path()), { recursive: true, mode: 0o700 });
  writeFileSync(path(), content, { mode: 0o600 });
}
async function entry(): Promise<Record<string, unknown>> {
  await writeSignatures(folder, key, digest, [signature]);
  return entries()[0] as Record<string, unknown>;
}

describe('the signature store', () => {
  it('gives back signatures that verify', async () => {
    expect(await readSignatures(folder, key, digest)).toBeUndefined();
    expect(await storedDigests(folder, key)).toEqual([]);
    await writeSignatures(folder, key, digest, [signature], { trust });
    const found = (await readSignatures(folder, key, digest)) ?? [];
    expect(verifySignatures(found, digest, trust).verdicts).toMatchObject([
      { verdict: 'accepted', log: { index: 5000 } },
    ]);
    expect(await storedDigests(folder, key)).toEqual([digest]);
    expect(await keyFoldersWith(folder, digest)).toEqual([key.fileDigest]);
    expect(await keyFoldersWith(folder, digestOf(Buffer.from('another')))).toEqual([]);
  });

  it('keeps what was stored, and each signature once', async () => {
    const second = signer.sign({ digest });
    await writeSignatures(folder, key, digest, [signature], { trust });
    await writeSignatures(folder, key, digest, [second, signature], { trust });
    expect(
      entries()
        .map(({ Base64Signature }) => Base64Signature)
        .sort(),
    ).toEqual([signature.signature, second.signature].sort());
  });

  it('keeps the entry with the lowest index when a signature was logged again', async () => {
    await writeSignatures(folder, key, digest, [signature], { trust });
    await writeSignatures(folder, key, digest, [signer.logAgain(signature, { logIndex: 9000 })], { trust });
    expect(entries()).toMatchObject([{ Bundle: { Payload: { logIndex: 5000 } } }]);
    await writeSignatures(folder, key, digest, [signer.logAgain(signature, { logIndex: 4000 })], { trust });
    expect(entries()).toMatchObject([{ Bundle: { Payload: { logIndex: 4000 } } }]);
  });

  it.each([
    ['by another key', () => stranger.sign({ digest })],
    ['for another digest', () => signer.sign({ digest: digestOf(Buffer.from('another')) })],
    ['for another image', () => signer.sign({ digest, image: 'registry.example.org/other' })],
    [
      'with a changed index',
      () => ({
        ...signature,
        bundle: { ...signature.bundle, Payload: { ...signature.bundle.Payload, logIndex: 1 } },
        signature: signature.signature,
      }),
    ],
  ])('bad input 162: drops a stored signature %s, since Dangerzone would refuse the whole file', async (_, make) => {
    await writeSignatures(folder, key, digest, [make()]);
    await writeSignatures(folder, key, digest, [signer.sign({ digest })], { trust });
    expect(entries()).toHaveLength(1);
    const found = (await readSignatures(folder, key, digest)) ?? [];
    expect(verifySignatures(found, digest, trust).accepted).toHaveLength(1);
  });

  it('keeps a signature of a log whose key the user replaced', async () => {
    const elsewhere = createTestSigner({ image });
    const replaced = { ...trust, logs: [pinnedLog(parsePublicKey(Buffer.from(elsewhere.logPublicKeyPem), 'log key'))] };
    await writeSignatures(folder, key, digest, [signature], { trust });
    await writeSignatures(folder, key, digest, [signature], { trust: replaced });
    expect(entries()).toHaveLength(1);
  });

  it('writes no file where nothing is left to write', async () => {
    await writeSignatures(folder, key, digest, [stranger.sign({ digest })], { trust });
    expect(await readSignatures(folder, key, digest)).toBeUndefined();
  });

  it.each<[string, (good: Record<string, unknown>) => unknown]>([
    ['is not JSON', () => 'x'],
    ['is no list', (good) => JSON.stringify(good)],
    ['has an entry that is null', () => JSON.stringify([null])],
    ['has a payload with a space in it', (good) => JSON.stringify([{ ...good, Payload: ` ${good.Payload}` }])],
    [
      'has a payload without its padding',
      (good) => JSON.stringify([{ ...good, Payload: `${String(good.Payload).replace(/=+$/, '')}A` }]),
    ],
    ['has an empty payload', (good) => JSON.stringify([{ ...good, Payload: '' }])],
    ['has a payload of bytes', (good) => JSON.stringify([{ ...good, Payload: [1, 2] }])],
    ['has no signature', ({ Base64Signature: _, ...good }) => JSON.stringify([good])],
    ['has a signature twice', (good) => JSON.stringify([good]).replace('{', '{"base64signature":"x",')],
    ['has a certificate', (good) => JSON.stringify([{ ...good, Cert: '-----BEGIN PUBLIC KEY-----' }])],
    ['has a chain', (good) => JSON.stringify([{ ...good, Chain: [] }])],
    ['has a timestamp', (good) => JSON.stringify([{ ...good, RFC3161Timestamp: {} }])],
    ['has a member that nobody knows', (good) => JSON.stringify([{ ...good, Extra: null }])],
    ['has 51 entries', (good) => JSON.stringify(Array(51).fill(good))],
  ])('bad input 162: refuses a file that %s, and puts the verified signatures in its place', async (_, damage) => {
    put(damage(await entry()) as string);
    await expect(readSignatures(folder, key, digest)).rejects.toMatchObject({ code: 'SIGNATURE_MALFORMED' });
    await writeSignatures(folder, key, digest, [signature], { trust });
    expect(entries()).toHaveLength(1);
  });

  it('bad input 162: hands on a file of another digest, which does not verify', async () => {
    const other = digestOf(Buffer.from('another'));
    await writeSignatures(folder, key, other, [signer.sign({ digest: other })]);
    put(readFileSync(join(dirname(path()), `${hexOf(other)}.json`), 'utf8'));
    const found = (await readSignatures(folder, key, digest)) ?? [];
    expect(() => verifySignatures(found, digest, trust)).toThrow(
      expect.objectContaining({ code: 'SIGNATURE_INVALID' }),
    );
  });

  it('reads 50 signatures of a digest, and keeps no more', async () => {
    put(JSON.stringify(Array(50).fill(await entry())));
    expect(await readSignatures(folder, key, digest)).toHaveLength(50);
    const many = Array.from({ length: 60 }, () => signer.sign({ digest }));
    await writeSignatures(folder, key, digest, many);
    expect(await readSignatures(folder, key, digest)).toHaveLength(50);
  });
});
