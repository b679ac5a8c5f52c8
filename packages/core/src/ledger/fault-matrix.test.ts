import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import { digestOf } from '../oci/digest.ts';
import { readDocument, writeDocument } from './document-store.ts';
import { CachedDisk, systemError, withFaults } from './failing-fs.test-support.ts';
import { writeLastLogIndex } from './last-log-index.ts';
import { emptyLedger, type Ledger } from './ledger.ts';
import { beginPending, commitInstalled } from './ledger-changes.ts';
import { readLedger, writeLedger } from './ledger-file.ts';
import type { Release } from './release.ts';
import type { StateFolder } from './state-folder.ts';
import { nodeStateFs, type StateFs } from './state-fs.ts';

const LOG = 'c'.repeat(64);
const profile = { image: 'registry.example.org/team/sandbox', floor: {}, dangerzoneLogId: LOG };
const now = new Date('2026-06-01T00:00:00Z');
const document = Buffer.from('{"schemaVersion":2}');

function release(name: string, index: number): Release {
  const digest = (part: string) => digestOf(Buffer.from(`${name} ${part}`));
  return {
    signed: digest('manifest'),
    manifest: digest('manifest'),
    config: digest('config'),
    ranks: { [LOG]: index },
  };
}

const [first, second] = [release('first', 100), release('second', 200)];
const before = commitInstalled(emptyLedger(profile.image), first, { now, forced: false });
const pending = beginPending(before, {
  release: second,
  temporaryName: 'work:incoming',
  stableName: 'stable:latest',
  since: now,
});
const after = commitInstalled(pending, second, { now, forced: false });

async function prepare(folder: StateFolder, fs: StateFs): Promise<void> {
  await writeLedger(folder, before, { fs });
  await writeLastLogIndex(folder, profile, before, { fs });
}

/** What an upgrade writes, in its order. */
async function store(folder: StateFolder, fs: StateFs): Promise<void> {
  await writeDocument(folder, document, { fs });
  await writeLedger(folder, pending, { fs });
  await writeLedger(folder, after, { fs });
  await writeLastLogIndex(folder, profile, after, { fs });
}

/** The next run: whole, one of the three states, and never below the floor that held before. */
async function requireWhole(folder: StateFolder, fs: StateFs): Promise<Ledger> {
  const { ledger, origin, notices } = await readLedger(folder, profile, { fs, wait: async () => undefined });
  expect({ origin, notices }).toEqual({ origin: 'stored', notices: [] });
  expect([before, pending, after]).toContainEqual(ledger);
  expect(ledger.floors[LOG]).toBeGreaterThanOrEqual(100);
  const kept = await readDocument(folder, digestOf(document), { fs });
  if (ledger.pending || ledger.installed === second.config) expect(kept && Buffer.from(kept)).toEqual(document);
  return ledger;
}

/** The old state, once more: copied, since each sync of the real thing costs milliseconds. */
function prepared(name: string): StateFolder {
  const folder = { path: join(root, name) };
  cpSync(join(root, 'prepared'), folder.path, { recursive: true });
  return folder;
}

async function countCalls(): Promise<string[]> {
  const calls: string[] = [];
  const folder = prepared('count');
  await store(
    folder,
    withFaults(nodeStateFs, (call) => {
      calls.push(call);
      return 'go on';
    }),
  );
  return calls;
}

let root: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'faults-'));
  await prepare({ path: join(root, 'prepared') }, nodeStateFs);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

// Hundreds of syncs: quick on most disks, not on all.
describe('the store sequence on a disk that fails', () => {
  it.each(['ENOSPC', 'EIO'])(
    'bad input 158: leaves the old state or the new one when any one call fails (%s)',
    async (code) => {
      const calls = await countCalls();
      expect(new Set(calls)).toEqual(
        new Set(['lstat', 'mkdir', 'open', 'stat', 'read', 'write', 'sync', 'close', 'rename', 'syncFolder']),
      );
      for (let failing = 0; failing < calls.length; failing++) {
        const folder = { path: join(root, `${failing}`) };
        await prepare(folder, nodeStateFs);
        let call = 0;
        const error = await store(
          folder,
          withFaults(nodeStateFs, () => (call++ === failing ? systemError(code) : 'go on')),
        ).catch((reason: unknown) => reason);
        const expected = code === 'ENOSPC' ? 'DISK_FULL' : 'STATE_INVALID';
        if (error !== undefined) expect([expected, undefined]).toContain(codeOf(error));
        await requireWhole(folder, nodeStateFs);
      }
    },
  );

  it('bad input 158: leaves the old state or the new one when the process dies at any call, and clears up', async () => {
    const calls = await countCalls();
    const outcomes = new Set<unknown>();
    for (let last = 0; last < calls.length; last++) {
      const folder = prepared(`${last}`);
      let call = 0;
      // Once dead, nothing more happens: also no tidying in a `finally`.
      await store(
        folder,
        withFaults(nodeStateFs, () => (call++ >= last ? new Error('killed') : 'go on')),
      ).catch(() => undefined);
      outcomes.add((await requireWhole(folder, nodeStateFs)).installed);
      const names = [
        ...(await nodeStateFs.list(folder.path, 100)),
        ...(await nodeStateFs.list(join(folder.path, 'signatures'), 100)),
      ];
      expect(names.filter((name) => name.endsWith('.part'))).toEqual([]);
    }
    expect(outcomes).toEqual(new Set([first.config, second.config]));
  });
});

describe('the store sequence when the power fails', () => {
  const folder = { path: '/state' };

  it('bad input 159: leaves the old state or the new one, whichever call was the last', async () => {
    for (let last = 0, ended = false; !ended; last++) {
      expect(last).toBeLessThan(200);
      const disk = new CachedDisk();
      await prepare(folder, disk);
      let call = 0;
      ended = await store(
        folder,
        withFaults(disk, () => (call++ >= last ? new Error('power cut') : 'go on')),
      ).then(
        () => true,
        () => false,
      );
      disk.powerCut();
      const ledger = await requireWhole(folder, disk);
      if (ended) expect(ledger).toEqual(after);
    }
  });

  it('bad input 159: has everything on the disk when a write is said to be done', async () => {
    const disk = new CachedDisk();
    await writeLedger(folder, after, { fs: disk });
    disk.powerCut();
    expect((await readLedger(folder, profile, { fs: disk, readOnly: true })).ledger).toEqual(after);
  });
});
