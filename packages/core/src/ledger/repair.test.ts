import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { digestOf, hexOf } from '../oci/digest.ts';
import { createTestSigner } from '../testing/test-signer.ts';
import { parsePublicKey } from '../trust/public-key.ts';
import { pinnedLog } from '../trust/transparency-log.ts';
import { writeBundles } from './bundle-store.ts';
import { carryOutRepair } from './carry-out-repair.ts';
import { writeDocument } from './document-store.ts';
import { CachedDisk, systemError, unsyncedFs, withFaults } from './failing-fs.test-support.ts';
import { inspectFloors } from './inspect-floors.ts';
import { inspectState } from './inspect-state.ts';
import { replaceLastLogIndex, writeLastLogIndex } from './last-log-index.ts';
import { emptyLedger, type Ledger } from './ledger.ts';
import { beginPending, commitInstalled } from './ledger-changes.ts';
import { readLedger, writeLedger } from './ledger-file.ts';
import { requireInstallable } from './order.ts';
import { planRepair } from './plan-repair.ts';
import type { Release } from './release.ts';
import { readSignatures, writeSignatures } from './signature-store.ts';
import type { StateFolder } from './state-folder.ts';
import type { StateFs } from './state-fs.ts';
import { problemsOf } from './state-problems.ts';

const image = 'registry.example.org/team/sandbox';
const signer = createTestSigner({ image });
const LOG = signer.logId;
const key = parsePublicKey(Buffer.from(signer.publicKeyPem), 'key');
const log = pinnedLog(parsePublicKey(Buffer.from(signer.logPublicKeyPem), 'log'));
const profile = {
  image,
  floor: { [LOG]: 50 },
  dangerzoneLogId: LOG,
  trust: { image, keys: [key], threshold: 1, logs: [log] },
  replacedLogs: [],
};
const own = { ...profile, dangerzoneLogId: undefined as unknown as string };
const now = new Date('2026-06-01T00:00:00Z');
const wait = async () => undefined;
const TOO_HIGH = 2 ** 52;
const FLOOR = 'signatures/last_log_index';

const document = Buffer.from('{"schemaVersion":2}');
const signature = signer.sign({ digest: digestOf(document), logIndex: 200 });
const older = digestOf(Buffer.from('an older image'));
const olderSignature = signer.sign({ digest: older, logIndex: 100 });

function release(digest: typeof older, index: number): Release {
  return {
    signed: digest,
    manifest: digest,
    config: digestOf(Buffer.from(`config of ${digest}`)),
    ranks: { [LOG]: index },
  };
}
const [first, second] = [release(older, 100), release(digestOf(document), 200)];
const install = (ledger: Ledger, next: Release) => commitInstalled(ledger, next, { now, forced: false });
const sound = install(install(emptyLedger(image), first), second);

let folder: StateFolder;
beforeEach(async () => {
  folder = { path: mkdtempSync(join(tmpdir(), 'repair-')) };
  await prepare(folder);
});
afterEach(() => rmSync(folder.path, { recursive: true, force: true }));

/** Two releases, one after the other, all of it in order. */
async function prepare(at: StateFolder, fs: StateFs = unsyncedFs): Promise<void> {
  await writeSignatures(at, key, older, [olderSignature], { trust: profile.trust, fs });
  await writeSignatures(at, key, digestOf(document), [signature], { trust: profile.trust, fs });
  await writeDocument(at, document, { fs });
  await writeBundles(at, older, [bundle], { fs });
  await writeLedger(at, sound, { fs });
  await writeLastLogIndex(at, profile, sound, { fs });
}

const put = (name: string, content: string | Uint8Array) =>
  writeFileSync(join(folder.path, name), content, { mode: 0o600 });
const text = (name: string) => readFileSync(join(folder.path, name), 'utf8');
const signatureFile = (digest: typeof older) => `signatures/${key.fileDigest}/${hexOf(digest)}.json`;
const bundle = { mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json', bytes: Buffer.from('{"a":"bundle"}') };
const bundleFile = `bundles/sha256-${hexOf(older)}/${hexOf(digestOf(bundle.bytes))}.json`;
const documentFile = `manifests/sha256-${hexOf(digestOf(document))}`;
const inspect = (fs: StateFs = unsyncedFs) => inspectState(folder, profile, { fs, wait });
const ledgerOf = async () => (await readLedger(folder, profile, { wait, readOnly: true })).ledger;

async function problems() {
  const inspection = await inspect();
  const ledger = inspection.ledger.state === 'sound' ? inspection.ledger.ledger : undefined;
  const floors = inspectFloors(profile, { ...inspection, ledger });
  return problemsOf(inspection, floors).map(({ code, mendedBy }) => `${code} ${mendedBy}`);
}

async function repair(installed: readonly Release[] = [second], fs: StateFs = unsyncedFs) {
  const inspection = await inspect(fs);
  const plan = planRepair(profile, inspection, installed, now);
  await carryOutRepair(folder, profile, inspection, plan, fs);
  return plan;
}

const withFloor = (index: number): Ledger => ({ ...sound, floors: { [LOG]: index } });
const bytes = (ledger: Ledger) => `${JSON.stringify(ledger)}`;

describe('a sound state', () => {
  it('has no problem, and nothing for a repair to do', async () => {
    expect(await problems()).toEqual([]);
    expect(await repair()).toEqual({ actions: [], remaining: [] });
  });

  it('stays sound when stored signatures are gone: the record of what was accepted holds its floor', async () => {
    rmSync(join(folder.path, 'signatures', key.fileDigest), { recursive: true });
    expect(await problems()).toEqual(['signatures-missing upgrade']);
    expect(await repair()).toMatchObject({ actions: [], remaining: [{ mendedBy: 'upgrade' }] });
    expect((await ledgerOf()).floors).toEqual({ [LOG]: 200 });
  });

  it('stays sound without legacy signatures where a bundle about the installed release is stored', async () => {
    rmSync(join(folder.path, 'signatures', key.fileDigest), { recursive: true });
    await writeBundles(folder, second.manifest, [bundle]);
    expect(await problems()).toEqual([]);
  });

  it('bad input 81: keeps the floor of Dangerzone, which counts a release by the last of its signatures', async () => {
    const more = [250, 260].map((logIndex) => signer.sign({ digest: digestOf(document), logIndex }));
    await writeSignatures(folder, key, digestOf(document), more, { trust: profile.trust });
    put(FLOOR, '260');
    expect(await problems()).toEqual([]);
    put(FLOOR, '261');
    expect(await repair()).toMatchObject({ actions: [{ floor: { before: 261, after: 260 } }, {}] });
  });

  it('keeps the floor of a release that Dangerzone installed by itself', async () => {
    const digest = digestOf(Buffer.from('by Dangerzone'));
    await writeSignatures(folder, key, digest, [signer.sign({ digest, logIndex: 300 })], { trust: profile.trust });
    put(FLOOR, '300');
    expect(await problems()).toEqual([]);
  });
});

/** Title, how it comes about, what is found, what a repair does, the floor after it. */
const damages: readonly [string, () => unknown, string, string[], number][] = [
  [
    'bad input 154: an unreadable ledger',
    () => put('ledger.json', '{"schema":1'),
    'ledger-damaged',
    ['rebuild-ledger'],
    200,
  ],
  ['bad input 154: an empty ledger', () => put('ledger.json', ''), 'ledger-damaged', ['rebuild-ledger'], 200],
  ['bad input 154: an empty last_log_index', () => put(FLOOR, ''), 'floor-file-damaged', ['write-floor-file'], 200],
  ...['-7', '1_000', '12\n', '0x10', '9'.repeat(400), 'NaN', '{"a":1}{"b":2}'].map(
    (content): (typeof damages)[number] => [
      `bad input 155: last_log_index ${JSON.stringify(content.slice(0, 20))}`,
      () => put(FLOOR, content),
      'floor-file-damaged',
      ['write-floor-file'],
      200,
    ],
  ),
  [
    'bad input 96: a last_log_index that is far too high',
    () => put(FLOOR, String(TOO_HIGH)),
    'floor-unproven',
    ['lower-floor', 'write-floor-file'],
    200,
  ],
  [
    'bad input 96: a floor in the ledger that is far too high',
    () => writeLedger(folder, withFloor(TOO_HIGH)),
    'floor-unproven',
    ['lower-floor'],
    200,
  ],
  [
    'bad input 96: a release that is recorded with an index that its signature does not have',
    () => writeLedger(folder, install(emptyLedger(image), { ...second, ranks: { [LOG]: TOO_HIGH } })),
    'floor-unproven',
    ['lower-floor'],
    200,
  ],
  [
    'bad input 157: a ledger that is a symbolic link',
    () => {
      rmSync(join(folder.path, 'ledger.json'));
      symlinkSync('/etc/hostname', join(folder.path, 'ledger.json'));
    },
    'ledger-damaged',
    ['rebuild-ledger'],
    200,
  ],
  [
    'bad input 157: a ledger that others may write',
    () => chmodSync(join(folder.path, 'ledger.json'), 0o666),
    'ledger-damaged',
    ['rebuild-ledger'],
    200,
  ],
  [
    'bad input 167: a ledger of 1 GB',
    () => truncateSync(join(folder.path, 'ledger.json'), 2 ** 30),
    'ledger-damaged',
    ['rebuild-ledger'],
    200,
  ],
  [
    'bad input 162: a stored signature that was edited',
    () =>
      put(
        signatureFile(older),
        text(signatureFile(older)).replace('MEU', 'MEQ').replace('"logIndex":100', '"logIndex":99'),
      ),
    'signatures-damaged',
    ['move-aside'],
    200,
  ],
  [
    'bad input 162: the file of another digest',
    () => put(signatureFile(older), text(signatureFile(digestOf(document)))),
    'signatures-damaged',
    ['move-aside'],
    200,
  ],
  [
    'a valid signature beside one that is not',
    () => {
      const entries = [older, digestOf(document)].flatMap((digest) => JSON.parse(text(signatureFile(digest))));
      put(signatureFile(older), JSON.stringify(entries));
    },
    'signatures-damaged',
    ['keep-valid-signatures'],
    200,
  ],
  [
    'a file of signatures that is cut off',
    () => put(signatureFile(older), '[{"Base64'),
    'signatures-damaged',
    ['move-aside'],
    200,
  ],
  [
    'a document that was edited',
    () => put(documentFile, '{"schemaVersion":3}'),
    'document-damaged',
    ['move-aside'],
    200,
  ],
  ['bad input 162: a bundle that was edited', () => put(bundleFile, '{}'), 'bundle-damaged', ['move-aside'], 200],
  [
    'bad input 157: a bundle that is a symbolic link',
    () => {
      rmSync(join(folder.path, bundleFile));
      symlinkSync('/etc/hostname', join(folder.path, bundleFile));
    },
    'bundle-damaged',
    ['move-aside'],
    200,
  ],
  [
    'preferences that are cut off',
    () => put('preferences.json', '{"schema":1,"upda'),
    'preferences-damaged',
    ['move-aside'],
    200,
  ],
  [
    'bad input 157: preferences that others may write',
    () => {
      put('preferences.json', '{"schema":1}');
      chmodSync(join(folder.path, 'preferences.json'), 0o666);
    },
    'preferences-damaged',
    ['move-aside'],
    200,
  ],
];

describe('a repair', () => {
  it.each(damages)('%s', async (_, damage, problem, actions, floor) => {
    await damage();
    expect((await problems()).filter((found) => found !== 'signatures-missing upgrade')).toContain(`${problem} repair`);
    const plan = await repair();
    expect(plan.actions.map(({ type }) => type)).toEqual(actions);
    expect((await problems()).filter((found) => found !== 'signatures-missing upgrade')).toEqual([]);
    const ledger = await ledgerOf();
    expect(ledger.floors).toEqual({ [LOG]: floor });
    expect(ledger.repairs).toMatchObject([{ time: now, what: actions }]);
    expect((await repair()).actions).toEqual([]);
  });

  it('keeps what was damaged, byte by byte', async () => {
    put('ledger.json', 'no ledger');
    put(FLOOR, 'x');
    put(signatureFile(older), '[');
    put(documentFile, '{}');
    put(bundleFile, 'no bundle');
    await repair();
    expect([
      text('ledger.json.damaged-1'),
      text(`${FLOOR}.damaged-1`),
      text(`${signatureFile(older)}.damaged-1`),
      text(`${documentFile}.damaged-1`),
      text(`${bundleFile}.damaged-1`),
    ]).toEqual(['no ledger', 'x', '[', '{}', 'no bundle']);
  });

  it('leaves the signatures that verify, also where a file had others beside them', async () => {
    const entries = [older, digestOf(document)].flatMap((digest) => JSON.parse(text(signatureFile(digest))));
    put(signatureFile(older), JSON.stringify(entries));
    await repair();
    expect(await readSignatures(folder, key, older)).toHaveLength(1);
    expect(JSON.parse(text(`${signatureFile(older)}.damaged-1`))).toHaveLength(2);
  });

  it('records a floor that went down with what it was', async () => {
    put(FLOOR, String(TOO_HIGH));
    await repair();
    expect((await ledgerOf()).repairs).toEqual([
      { time: now, what: ['lower-floor', 'write-floor-file'], floors: [{ log: LOG, before: TOO_HIGH, after: 200 }] },
    ]);
    expect(text(FLOOR)).toBe('200');
  });

  it('goes down to the profile’s floor where nothing else supports one', async () => {
    await writeLedger(folder, { ...emptyLedger(image), floors: { [LOG]: TOO_HIGH } });
    rmSync(join(folder.path, 'signatures'), { recursive: true });
    const { actions } = await repair([]);
    expect(actions).toMatchObject([{ type: 'lower-floor', floor: { before: TOO_HIGH, after: 50 } }]);
    expect((await ledgerOf()).floors).toEqual({});
  });

  it('of a record that is wrong lets the next release in', async () => {
    await writeLedger(folder, install(emptyLedger(image), { ...second, ranks: { [LOG]: TOO_HIGH } }));
    await repair();
    const next = release(digestOf(Buffer.from('new')), 201);
    expect(requireInstallable(await ledgerOf(), next, profile.floor).kind).toBe('newer');
  });

  it('brings no image back that was replaced, whatever floor it lowers', async () => {
    put(FLOOR, String(TOO_HIGH));
    await repair();
    const ledger = await ledgerOf();
    expect(() => requireInstallable(ledger, first, profile.floor)).toThrow(/replaced on/);
    expect(requireInstallable(ledger, release(digestOf(Buffer.from('new')), 201), profile.floor).kind).toBe('newer');
    expect(() => requireInstallable(ledger, release(digestOf(Buffer.from('old')), 199), profile.floor)).toThrow();
  });

  it('of a lost ledger holds the floor where stored signatures have it, and says that history is lost', async () => {
    put('ledger.json', '');
    rmSync(join(folder.path, FLOOR));
    const { actions } = await repair([]);
    expect(actions[0]?.message).toContain('no release');
    expect(await ledgerOf()).toMatchObject({ floors: { [LOG]: 200 }, historyLost: true, releases: [] });
  });

  it('takes a lost last_log_index from stored signatures, not from a ledger that is behind it', async () => {
    const digest = digestOf(Buffer.from('by Dangerzone'));
    await writeSignatures(folder, key, digest, [signer.sign({ digest, logIndex: 300 })], { trust: profile.trust });
    put(FLOOR, '');
    await repair();
    expect(text(FLOOR)).toBe('300');
  });

  it('raises no floor above the highest that is supported, and lowers none that is', async () => {
    await writeLedger(folder, withFloor(150));
    expect((await repair()).actions).toEqual([]);
  });

  it('a signature that was logged again supports no higher floor than its first entry', async () => {
    const again = signer.logAgain(signature, { logIndex: 9000 });
    await writeSignatures(folder, key, digestOf(document), [again], { trust: profile.trust });
    put(FLOOR, '9000');
    expect((await repair()).actions).toMatchObject([{ floor: { after: 200 } }, { type: 'write-floor-file' }]);
  });

  it('bad input 166: leaves a newer version’s ledger alone, and everything else with it', async () => {
    put('ledger.json', bytes(sound).replace('"schema":1', '"schema":2'));
    put(FLOOR, 'x');
    const before = readdirSync(folder.path);
    expect(await repair()).toMatchObject({ actions: [], remaining: [{ code: 'ledger-foreign', mendedBy: 'hand' }] });
    expect([readdirSync(folder.path), text(FLOOR)]).toEqual([before, 'x']);
  });

  it.each(['manifests', 'bundles', dirname(bundleFile)])(
    'bad input 157: touches nothing where %s is a link',
    async (name) => {
      const elsewhere = mkdtempSync(join(tmpdir(), 'elsewhere-'));
      onTestFinished(() => rmSync(elsewhere, { recursive: true }));
      rmSync(join(folder.path, name), { recursive: true });
      symlinkSync(elsewhere, join(folder.path, name));
      put(FLOOR, 'x');
      const problem = { code: 'folder-unusable', name: name.includes('/') ? '.' : name, mendedBy: 'hand' };
      expect(await repair()).toMatchObject({ actions: [], remaining: [problem] });
      expect([readdirSync(elsewhere), text(FLOOR)]).toEqual([[], 'x']);
    },
  );

  it.each(['', 'manifests/', `${dirname(bundleFile)}/`])(
    'of half-written files removes them and records nothing (%s)',
    async (at) => {
      const name = `${at}.file.json.0123456789abcdef.part`;
      put(name, 'half');
      expect((await repair()).actions).toMatchObject([{ type: 'remove-left-over', name }]);
      expect(existsSync(join(folder.path, name))).toBe(false);
      expect((await ledgerOf()).repairs).toBeUndefined();
    },
  );

  it('leaves an upgrade that was cut short to the next upgrade', async () => {
    const third = release(digestOf(Buffer.from('third')), 300);
    const names = { temporaryName: 'work:incoming', stableName: 'stable:latest' };
    await writeLedger(folder, beginPending(withFloor(TOO_HIGH), { release: third, ...names, since: now }));
    await repair();
    expect((await ledgerOf()).pending?.release).toEqual(third);
  });

  it('other profiles have no last_log_index, and theirs is not looked at', async () => {
    put(FLOOR, 'x');
    const inspection = await inspectState(folder, own, { wait });
    expect(planRepair(own, inspection, [], now).actions).toEqual([]);
  });
});

describe('a repair that is killed, or on a disk that fails', () => {
  const broken: readonly [string, () => unknown][] = [
    [
      'with everything damaged',
      () => {
        put('ledger.json', 'no ledger');
        put(FLOOR, 'x');
        put(signatureFile(older), '[');
        put(documentFile, '{}');
        put(bundleFile, '{}');
        put('.ledger.json.0123456789abcdef.part', 'half');
      },
    ],
    [
      'with a floor that is too high in both files',
      async () => {
        await writeLedger(folder, withFloor(TOO_HIGH));
        put(FLOOR, String(TOO_HIGH));
      },
    ],
    ['with a last_log_index that is too high', () => put(FLOOR, String(TOO_HIGH))],
    ['with a ledger that cannot be read', () => truncateSync(join(folder.path, 'ledger.json'), 2 ** 30)],
  ];

  const rows = broken.flatMap(([title, damage]) => [
    [`dies at any call, ${title},`, Infinity, damage] as const,
    [`fails at any one call, ${title},`, 1, damage] as const,
  ]);

  it.each(rows)('bad input 158: %s leaves a state that the next repair mends', async (_, times, damage) => {
    const path = folder.path;
    const prepared = mkdtempSync(join(path, 'prepared-'));
    await prepare({ path: prepared });
    for (let last = 0, isOver = false; !isOver; last++) {
      expect(last).toBeLessThan(400);
      folder = { path: mkdtempSync(join(path, 'run-')) };
      cpSync(prepared, folder.path, { recursive: true });
      await damage();
      const inspection = await inspect();
      const plan = planRepair(profile, inspection, [second], now);
      let call = 0;
      const isHit = () => call >= last && call < last + times;
      const failure = times === 1 ? systemError('ENOSPC') : new Error('killed');
      const fs = withFaults(unsyncedFs, () => {
        const verdict = isHit() ? failure : 'go on';
        call++;
        return verdict;
      });
      await carryOutRepair(folder, profile, inspection, plan, fs).catch(() => undefined);
      isOver = call <= last;

      // What the next run sees: refused as before, or a floor that is the old one, or the new one with its record.
      const reading = await readLedger(folder, profile, { wait, readOnly: true }).catch(() => undefined);
      const floor = reading?.ledger.floors[LOG] ?? TOO_HIGH;
      const isRecorded =
        reading?.ledger.repairs !== undefined || reading?.origin === 'rebuilt' || reading?.ledger.historyLost;
      expect(floor === TOO_HIGH || (floor <= 200 && isRecorded)).toBe(true);
      await repair();
      expect(await problems()).toEqual([]);
      expect((await ledgerOf()).floors).toEqual({ [LOG]: 200 });
      expect((await ledgerOf()).repairs?.length).toBeGreaterThan(0);
    }
    folder = { path };
  });
});

describe('a repair when the power fails', () => {
  it('bad input 159: lowers no floor without its record, whichever call was the last', async () => {
    folder = { path: '/state' };
    for (let last = 0, ended = false; !ended; last++) {
      expect(last).toBeLessThan(300);
      const disk = new CachedDisk();
      await prepare(folder, disk);
      await writeLedger(folder, withFloor(TOO_HIGH), { fs: disk });
      await replaceLastLogIndex(folder, TOO_HIGH, disk);
      const inspection = await inspect(disk);
      const plan = planRepair(profile, inspection, [], now);
      let call = 0;
      const fs = withFaults(disk, () => (call++ >= last ? new Error('power cut') : 'go on'));
      ended = await carryOutRepair(folder, profile, inspection, plan, fs).then(
        () => true,
        () => false,
      );
      disk.powerCut();
      const { ledger } = await readLedger(folder, profile, { fs: disk, wait, readOnly: true });
      expect(ledger.floors[LOG] === TOO_HIGH || ledger.repairs?.length === 1).toBe(true);
      if (ended) expect(ledger.floors).toEqual({ [LOG]: 200 });
    }
  });
});
