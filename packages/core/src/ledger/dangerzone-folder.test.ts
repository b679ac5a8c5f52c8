import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Digest, digestOf, hexOf, isDigest } from '../oci/digest.ts';
import { createTestSigner } from '../testing/test-signer.ts';
import { parsePublicKey } from '../trust/public-key.ts';
import { pinnedLog } from '../trust/transparency-log.ts';
import type { Trust } from '../trust/trust.ts';
import { verifySignatures } from '../verify/verify-signatures.ts';
import { writeLastLogIndex } from './last-log-index.ts';
import { commitInstalled, recordSeen } from './ledger-changes.ts';
import { readLedger, writeLedger } from './ledger-file.ts';
import { requireInstallable } from './order.ts';
import { sightingOf } from './release.ts';
import { readSignatures, storedDigests, writeSignatures } from './signature-store.ts';
import type { StateFolder } from './state-folder.ts';
import { withLock } from './with-lock.ts';

const image = 'ghcr.io/freedomofpress/dangerzone/v1';
const signer = createTestSigner({ image, firstIndex: 2_000 });
// The folder's name is the digest of the key file's bytes, whatever its line ends.
const keyFile = Buffer.from(signer.publicKeyPem);
const key = parsePublicKey(keyFile, 'key');
const trust: Trust = {
  image,
  keys: [key],
  threshold: 1,
  logs: [pinnedLog(parsePublicKey(Buffer.from(signer.logPublicKeyPem), 'log'))],
};
const profile = { image, floor: { [signer.logId]: 1_000 }, dangerzoneLogId: signer.logId };
const digest = digestOf(Buffer.from('an image'));
const [first, again] = [signer.sign({ digest }), signer.sign({ digest })];
const SETTINGS = '{"save": true, "later": {"unknown": 1}}';

/** As `json.dump` in Python writes it: a blank after colon and comma. */
const pythonJson = (value: unknown) =>
  JSON.stringify(value, undefined, 1)
    .replace(/\n */g, ' ')
    .replace(/([[{]) | ([\]}])/g, '$1$2');

function cosignEntry({ signature, payload, bundle }: typeof first) {
  const Payload = Buffer.from(payload).toString('base64');
  return { Base64Signature: signature, Payload, Cert: null, Chain: null, Bundle: bundle, RFC3161Timestamp: null };
}

/** What Dangerzone 0.11 does with a file: parse it, and take the highest index; it would verify each entry by cosign. */
function readAsDangerzone(bytes: Buffer, of: Digest): number {
  const entries = JSON.parse(bytes.toString()) as ReturnType<typeof cosignEntry>[];
  expect(entries.length).toBeGreaterThan(0);
  for (const entry of entries) {
    expect(Object.keys(entry)).toEqual(['Base64Signature', 'Payload', 'Cert', 'Chain', 'Bundle', 'RFC3161Timestamp']);
    expect([entry.Cert, entry.Chain, entry.RFC3161Timestamp]).toEqual([null, null, null]);
    const { body, integratedTime, logIndex, logID } = entry.Bundle.Payload;
    expect([typeof body, typeof integratedTime, typeof logIndex, typeof logID]).toEqual([
      'string',
      'number',
      'number',
      'string',
    ]);
    expect(typeof entry.Bundle.SignedEntryTimestamp).toBe('string');
    const payload = JSON.parse(Buffer.from(entry.Payload, 'base64').toString()) as {
      critical: { image: Record<string, string> };
    };
    expect(payload.critical.image['docker-manifest-digest']).toBe(of);
  }
  return Math.max(...entries.map(({ Bundle }) => Bundle.Payload.logIndex));
}

let folder: StateFolder;
beforeEach(() => {
  // Dangerzone makes its folders with the umask's rights, readable by all.
  folder = { path: mkdtempSync(join(tmpdir(), 'dangerzone-')) };
  chmodSync(folder.path, 0o755);
  mkdirSync(join(folder.path, 'signatures', key.fileDigest), { recursive: true, mode: 0o755 });
  put('settings.json', SETTINGS);
  put('other-file', 'not ours');
});
afterEach(() => rmSync(folder.path, { recursive: true, force: true }));
const put = (name: string, content: string) => writeFileSync(join(folder.path, name), content, { mode: 0o644 });
const signaturesFile = () => join('signatures', key.fileDigest, `${hexOf(digest)}.json`);

describe('the folder that Dangerzone 0.11 left', () => {
  beforeEach(() => {
    put(signaturesFile(), pythonJson([first, again].map(cosignEntry)));
    put(join('signatures', 'last_log_index'), String(again.bundle.Payload.logIndex));
  });

  it('is read: its signatures verify, its floor holds', async () => {
    expect(await storedDigests(folder, key)).toEqual([digest]);
    const signed = verifySignatures((await readSignatures(folder, key, digest)) ?? [], digest, trust);
    expect(signed.accepted).toHaveLength(2);
    const { ledger, origin } = await readLedger(folder, profile);
    expect({ origin, floors: ledger.floors }).toEqual({
      origin: 'dangerzone',
      floors: { [signer.logId]: again.bundle.Payload.logIndex },
    });
  });

  it('does not shut out the very release that it is about, which Dangerzone ranked by its last signature', async () => {
    const signed = verifySignatures((await readSignatures(folder, key, digest)) ?? [], digest, trust);
    const { ledger } = await readLedger(folder, profile);
    const { ranks } = sightingOf(signed);
    expect(ranks).toEqual({ [signer.logId]: first.bundle.Payload.logIndex });
    const indexes = { [signer.logId]: [first, again].map(({ bundle }) => bundle.Payload.logIndex) };
    const candidate = { signed: digest, manifest: digest, config: digestOf(Buffer.from('config')), ranks, indexes };
    expect(requireInstallable(recordSeen(ledger, sightingOf(signed)), candidate, profile.floor).kind).toBe('newer');
  });

  it('is readable by Dangerzone after we wrote to it, and what is not ours is as it was', async () => {
    const third = signer.sign({ digest });
    const release = {
      signed: digest,
      manifest: digest,
      config: digestOf(Buffer.from('config')),
      ranks: { [signer.logId]: third.bundle.Payload.logIndex },
    };
    await withLock(folder, { verb: 'upgrade' }, async () => {
      const { ledger } = await readLedger(folder, profile);
      await writeSignatures(folder, key, digest, [third], { trust });
      const next = commitInstalled(ledger, release, { now: new Date(), forced: false });
      await writeLedger(folder, next);
      await writeLastLogIndex(folder, profile, next);
    });
    expect(readAsDangerzone(readFileSync(join(folder.path, signaturesFile())), digest)).toBe(
      third.bundle.Payload.logIndex,
    );
    const floor = readFileSync(join(folder.path, 'signatures', 'last_log_index'), 'utf8');
    expect(floor).toBe(String(third.bundle.Payload.logIndex));
    expect(readFileSync(join(folder.path, 'settings.json'), 'utf8')).toBe(SETTINGS);
    expect(readdirSync(folder.path).sort()).toEqual([
      'ledger.json',
      'ledger.lock',
      'other-file',
      'settings.json',
      'signatures',
    ]);
    expect(readdirSync(join(folder.path, 'signatures')).sort()).toEqual([key.fileDigest, 'last_log_index'].sort());
  });
});

const fixtures = new URL('../../../../../shared/fixtures/dangerzone-signatures/', import.meta.url).pathname;
const skipped = existsSync(fixtures) ? '' : ' (skipped: no fixtures beside this repository)';
const rekor = new URL('../dangerzone-releases/rekor.pub', `file://${fixtures}`).pathname;

describe.skipIf(skipped !== '')(`signature folders of Dangerzone’s own tests${skipped}`, () => {
  const realKey = () => parsePublicKey(readFileSync(join(fixtures, 'test.pub')), 'test.pub');
  const imageOf = (payload: Uint8Array) =>
    (JSON.parse(Buffer.from(payload).toString()) as { critical: { identity: Record<string, string> } }).critical
      .identity['docker-reference'] ?? '';
  const read = async (kind: string, name: string) => {
    cpSync(join(fixtures, kind, realKey().fileDigest), join(folder.path, 'signatures', realKey().fileDigest), {
      recursive: true,
    });
    for (const file of readdirSync(join(folder.path, 'signatures', realKey().fileDigest)))
      chmodSync(join(folder.path, 'signatures', realKey().fileDigest, file), 0o644);
    chmodSync(join(folder.path, 'signatures', realKey().fileDigest), 0o755);
    const of = `sha256:${basename(name, '.json')}`;
    if (!isDigest(of)) throw new Error(name);
    const found = (await readSignatures(folder, realKey(), of)) ?? [];
    const logs = [pinnedLog(parsePublicKey(readFileSync(rekor), 'rekor.pub'))];
    const trusted = { image: imageOf(found[0]?.payload ?? Buffer.from('{}')), keys: [realKey()], threshold: 1, logs };
    return { of, found, trusted, signed: verifySignatures(found, of, trusted) };
  };
  const files = (kind: string) => (skipped ? [] : readdirSync(join(fixtures, kind, realKey().fileDigest)));

  it.each(files('valid'))('reads and verifies valid/%s, and writes it so that Dangerzone can', async (name) => {
    const { of, found, trusted, signed } = await read('valid', name);
    expect(signed.accepted).toHaveLength(found.length);
    const copy = { path: join(folder.path, 'copy') };
    await writeSignatures(copy, realKey(), of, signed.accepted, { trust: trusted });
    const original = JSON.parse(readFileSync(join(fixtures, 'valid', realKey().fileDigest, name), 'utf8')) as unknown;
    const written = readFileSync(join(copy.path, 'signatures', realKey().fileDigest, name));
    expect(JSON.parse(written.toString())).toEqual(original);
    readAsDangerzone(written, of);
  });

  it.each(['invalid', 'tampered'].flatMap((kind) => files(kind).map((name) => [kind, name] as const)))(
    'refuses %s/%s',
    async (kind, name) => {
      const codes = ['SIGNATURE_MALFORMED', 'SIGNATURE_INVALID', 'LOG_ENTRY_INVALID', 'SIGNATURE_FOREIGN'];
      const error = await read(kind, name).then(
        () => undefined,
        (reason: unknown) => reason as { code: string },
      );
      expect(codes).toContain(error?.code);
    },
  );
});
