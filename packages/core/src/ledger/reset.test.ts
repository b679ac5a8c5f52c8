import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf, hexOf } from '../oci/digest.ts';
import { createTestSigner } from '../testing/test-signer.ts';
import { parsePublicKey } from '../trust/public-key.ts';
import { pinnedLog } from '../trust/transparency-log.ts';
import { writeBundles } from './bundle-store.ts';
import { carryOutReset } from './carry-out-reset.ts';
import { writeDocument } from './document-store.ts';
import { systemError, unsyncedFs, withFaults } from './failing-fs.test-support.ts';
import { inspectState } from './inspect-state.ts';
import { writeLastLogIndex } from './last-log-index.ts';
import { emptyLedger } from './ledger.ts';
import { commitInstalled } from './ledger-changes.ts';
import { readLedger, writeLedger } from './ledger-file.ts';
import { parseLedger } from './ledger-schema.ts';
import { planReset } from './plan-reset.ts';
import type { Release } from './release.ts';
import { writeSignatures } from './signature-store.ts';
import type { StateFolder } from './state-folder.ts';
import type { StateFs } from './state-fs.ts';

const image = 'registry.example.org/team/sandbox';
const signer = createTestSigner({ image });
const LOG = signer.logId;
const key = parsePublicKey(Buffer.from(signer.publicKeyPem), 'key');
const trust = {
  image,
  keys: [key],
  threshold: 1,
  logs: [pinnedLog(parsePublicKey(Buffer.from(signer.logPublicKeyPem), 'log'))],
};
const profile = { image, floor: { [LOG]: 50 }, dangerzoneLogId: LOG, trust, replacedLogs: [] };
const { dangerzoneLogId: _, ...own } = profile;
const now = new Date('2026-06-01T12:30:45.678Z');
const wait = async () => undefined;
const FLOOR = 'signatures/last_log_index';
const BACKUP = 'reset-20260601T123045Z';
const OTHER_KEY = `signatures/${'a'.repeat(64)}`;

const document = Buffer.from('{"schemaVersion":2}');
const digest = digestOf(document);
const release: Release = {
  signed: digest,
  manifest: digest,
  config: digestOf(Buffer.from('config')),
  ranks: { [LOG]: 200 },
};
const before = commitInstalled(emptyLedger(image), release, { now, forced: false });
const signature = signer.sign({ digest, logIndex: 200 });
const signatureFile = `signatures/${key.fileDigest}/${hexOf(digest)}.json`;
const bundle = { mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json', bytes: Buffer.from('{"a":"bundle"}') };
const bundleFile = `bundles/sha256-${hexOf(digest)}/${hexOf(digestOf(bundle.bytes))}.json`;
const documentFile = `manifests/sha256-${hexOf(digest)}`;

let folder: StateFolder;
beforeEach(async () => {
  folder = { path: mkdtempSync(join(tmpdir(), 'reset-')) };
  await prepare();
});
afterEach(() => rmSync(folder.path, { recursive: true, force: true }));

async function prepare(): Promise<void> {
  await writeSignatures(folder, key, digest, [signature], { trust, fs: unsyncedFs });
  await writeDocument(folder, document, { fs: unsyncedFs });
  await writeBundles(folder, digest, [bundle], { fs: unsyncedFs });
  await writeLedger(folder, before, { fs: unsyncedFs });
  await writeLastLogIndex(folder, profile, before, { fs: unsyncedFs });
  mkdirSync(join(folder.path, OTHER_KEY), { recursive: true, mode: 0o700 });
  put('settings.json', '{"save": true}');
}

const put = (name: string, content: string) => writeFileSync(join(folder.path, name), content, { mode: 0o600 });
const text = (name: string) => readFileSync(join(folder.path, name), 'utf8');
const isThere = (name: string) => existsSync(join(folder.path, name));

async function reset(of: typeof own = profile, fs: StateFs = unsyncedFs) {
  const inspection = await inspectState(folder, of, { wait });
  const plan = planReset(of, inspection, now);
  if (plan) await carryOutReset(folder, inspection, plan, fs);
  return plan;
}

describe('a reset', () => {
  it('puts everything of this profile away, and forgets it', async () => {
    const bytes = text('ledger.json');
    await reset();
    const files = [signatureFile, documentFile, bundleFile, FLOOR];
    expect(files.filter(isThere)).toEqual([]);
    expect(files.filter((name) => isThere(`${BACKUP}/${name}`))).toEqual(files);
    expect(text(`${BACKUP}/ledger.json`)).toBe(bytes);
    const { ledger } = await readLedger(folder, profile, { wait });
    expect(ledger).toEqual({
      ...emptyLedger(image),
      historyLost: true,
      repairs: [{ time: now, what: ['reset'], floors: [{ log: LOG, before: 200 }] }],
    });
  });

  it('touches nothing that is not ours: settings, and other keys’ signatures in Dangerzone’s folder', async () => {
    await reset();
    expect([text('settings.json'), isThere(OTHER_KEY)]).toEqual(['{"save": true}', true]);
    await prepare();
    await reset(own);
    expect([text('settings.json'), isThere(OTHER_KEY)]).toEqual(['{"save": true}', false]);
  });

  it('of nothing does nothing, and makes no second backup', async () => {
    await reset();
    expect(await reset()).toBeUndefined();
    const empty = { path: join(folder.path, 'empty') };
    expect(planReset(profile, await inspectState(empty, profile, { wait }), now)).toBeUndefined();
    expect(existsSync(empty.path)).toBe(false);
  });

  it('twice within a second has two backups', async () => {
    await reset();
    rmSync(join(folder.path, OTHER_KEY), { recursive: true });
    await prepare();
    expect((await reset())?.to).toBe(`${BACKUP}-2`);
  });

  it.each([
    ['unreadable', () => put('ledger.json', 'no ledger'), `${BACKUP}/ledger.json`],
    ['too long', () => truncateSync(join(folder.path, 'ledger.json'), 2 ** 30), `${BACKUP}/ledger.json.damaged-1`],
  ])('keeps a ledger that is %s', async (_, damage, name) => {
    damage();
    await reset();
    expect(isThere(name)).toBe(true);
    expect((await readLedger(folder, profile, { wait })).origin).toBe('stored');
  });

  it.each(['../../elsewhere', 'settings.json', 'signatures/../settings.json', '/etc', 'reset-20260601T123045Z'])(
    'a ledger that would have %j put away is none',
    (name) => {
      const ledger = { ...before, reset: { to: BACKUP, names: [name] } };
      expect(parseLedger(Buffer.from(JSON.stringify(ledger)), image, 'ledger')).toBeUndefined();
    },
  );

  it.each(['..', '/tmp', 'manifests', 'reset-20260601T123045Z/../x'])('nor is one that puts it into %j', (to) => {
    const ledger = { ...before, reset: { to, names: [] } };
    expect(parseLedger(Buffer.from(JSON.stringify(ledger)), image, 'ledger')).toBeUndefined();
  });

  it('that was cut short leaves alone what Dangerzone has made since', async () => {
    const inspection = await inspectState(folder, profile, { wait });
    const plan = planReset(profile, inspection, now);
    if (!plan) throw new Error('a plan expected');
    await carryOutReset(folder, inspection, plan, unsyncedFs);
    await writeLedger(folder, plan.ledger);
    await writeSignatures(folder, key, digest, [signature], { trust });
    await readLedger(folder, profile, { wait });
    expect([isThere(signatureFile), isThere(`${BACKUP}/${signatureFile}`)]).toEqual([true, true]);
    expect(text('ledger.json')).not.toContain('"reset":');
  });
});

describe('a reset that is killed', () => {
  it.each([
    ['dies', Infinity],
    ['fails once', 1],
  ])(
    'bad input 158: that %s at any call leaves the old state whole, or the new one, and the next run tidies up',
    async (_, times) => {
      const path = folder.path;
      folder = { path: mkdtempSync(join(path, 'prepared-')) };
      const prepared = folder.path;
      await prepare();
      const outcomes = new Set<string>();
      for (let last = 0, isOver = false; !isOver; last++) {
        expect(last).toBeLessThan(400);
        folder = { path: mkdtempSync(join(path, 'run-')) };
        cpSync(prepared, folder.path, { recursive: true });
        let call = 0;
        const failure = times === 1 ? systemError('ENOSPC') : new Error('killed');
        const fs = withFaults(unsyncedFs, () => {
          const isHit = call >= last && call < last + times;
          call++;
          return isHit ? failure : 'go on';
        });
        await reset(profile, fs).catch(() => undefined);
        isOver = call <= last;
        const seen = (await readLedger(folder, profile, { wait, readOnly: true })).ledger;
        const { ledger } = await readLedger(folder, profile, { wait, fs: unsyncedFs });
        expect(ledger.floors).toEqual(seen.floors);
        const evidence = [signatureFile, documentFile, FLOOR].map(isThere);
        if (ledger.repairs) {
          expect([ledger.floors, ledger.releases, ledger.reset, evidence]).toEqual([
            {},
            [],
            undefined,
            [false, false, false],
          ]);
          expect(isThere(`${BACKUP}/ledger.json`) && isThere(`${BACKUP}/${signatureFile}`)).toBe(true);
        } else {
          expect([ledger, evidence]).toEqual([before, [true, true, true]]);
        }
        outcomes.add(ledger.repairs ? 'new' : 'old');
        expect(readdirSync(folder.path).filter((name) => name.endsWith('.part'))).toEqual([]);
      }
      expect(outcomes).toEqual(new Set(['old', 'new']));
      folder = { path };
    },
  );
});
