import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { chmod, readdir, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import { CachedDisk, systemError, unsyncedFs, withFaults } from './failing-fs.test-support.ts';
import type { StateFs } from './state-fs.ts';
import { countUpdates, moveNewestAside, readNewestUpdate, storeUpdate } from './trusted-root-store.ts';

const update = (text: string, day = 1) => ({
  fetchedAt: new Date(Date.UTC(2026, 9, day)),
  from: 'https://tuf.example.net',
  files: new Map([
    ['timestamp.json', Buffer.from(text)],
    [`targets/${'a'.repeat(64)}.trusted_root.json`, Buffer.from('{}')],
  ]),
});
const textOf = async (folder: { path: string }, fs: StateFs = unsyncedFs) =>
  Buffer.from((await readNewestUpdate(folder, { fs }))?.files.get('timestamp.json') ?? '').toString();

let root: string;
let folder: { path: string };
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'trusted-root-'));
  folder = { path: join(root, 'store') };
});
afterEach(() => rmSync(root, { recursive: true }));

describe('the store of trusted roots', () => {
  it('has nothing before the first update, and makes no folder to say so', async () => {
    expect(await readNewestUpdate(folder)).toBeUndefined();
    expect(await readdir(root)).toEqual([]);
  });

  it('gives back the newest, and keeps those before it', async () => {
    for (const number of [1, 2, 11]) await storeUpdate(folder, update(`update ${number}`, number));
    expect(await readNewestUpdate(folder)).toEqual({ number: 3, ...update('update 11', 11) });
    expect(await countUpdates(folder)).toBe(3);
  });

  it('lets go of the one that only said the same', async () => {
    await storeUpdate(folder, update('old'));
    await storeUpdate(folder, update('old, said anew'), { replaced: 1 });
    expect(await readdir(folder.path)).toEqual(['2.json']);
  });

  it('counts on after the newest where earlier ones were taken away', async () => {
    for (const text of ['1', '2', '3']) await storeUpdate(folder, update(text));
    rmSync(join(folder.path, '1.json'));
    await storeUpdate(folder, update('4'));
    expect(await textOf(folder)).toBe('4');
  });

  it('moves what is damaged aside, and has the one before it', async () => {
    for (const text of ['1', '2']) await storeUpdate(folder, update(text));
    expect(await moveNewestAside(folder)).toBe('2.json.damaged-1');
    expect(await textOf(folder)).toBe('1');
  });

  const stored = (members: object) =>
    JSON.stringify({ schema: 1, fetchedAt: '2026-01-01T00:00:00Z', from: 'x', files: {}, ...members });

  it.each([
    ['no JSON', 'hello'],
    ['cut off', stored({}).slice(0, -4)],
    ['of a later version', stored({ schema: 2 })],
    ['with a field that nobody knows', stored({ extra: 1 })],
    ['with a file name that climbs out', stored({ files: { '../timestamp.json': '' } })],
    ['with bytes that are not base64', stored({ files: { 'timestamp.json': '!' } })],
    ['longer than 8 MiB', stored({ from: 'x'.repeat(8 * 1024 * 1024) })],
  ])('refuses a file that is %s', async (_, text) => {
    await storeUpdate(folder, update('good'));
    writeFileSync(join(folder.path, '2.json'), text, { mode: 0o600 });
    await expect(readNewestUpdate(folder)).rejects.toMatchObject({ code: 'STATE_INVALID' });
  });

  it.skipIf(process.platform === 'win32')('bad input 157: refuses what others may write, and links', async () => {
    await storeUpdate(folder, update('good'));
    await chmod(join(folder.path, '1.json'), 0o666);
    await expect(readNewestUpdate(folder)).rejects.toMatchObject({ code: 'STATE_INVALID' });
    await chmod(join(folder.path, '1.json'), 0o600);
    await symlink(join(folder.path, '1.json'), join(folder.path, '2.json'));
    await expect(readNewestUpdate(folder)).rejects.toMatchObject({ code: 'STATE_INVALID' });
  });
});

describe('bad input 158: an update that is cut off', () => {
  const change = (fs: StateFs, at: { path: string }) => storeUpdate(at, update('new'), { replaced: 1, fs });

  it('leaves the old or the new one, whole, whichever call fails', async () => {
    await storeUpdate(folder, update('old'), { fs: unsyncedFs });
    let calls = 0;
    const counted = withFaults(unsyncedFs, () => {
      calls++;
      return 'go on';
    });
    cpSync(folder.path, join(root, 'counted'), { recursive: true });
    await change(counted, { path: join(root, 'counted') });
    expect(calls).toBeGreaterThan(8);
    for (let failing = 1; failing <= calls; failing++) {
      const at = { path: join(root, `failing-${failing}`) };
      cpSync(folder.path, at.path, { recursive: true });
      let call = 0;
      const fs = withFaults(unsyncedFs, () => (++call >= failing ? systemError('EIO') : 'go on'));
      await change(fs, at).catch((error) => expect(codeOf(error)).toBe('STATE_INVALID'));
      expect(['old', 'new'], `call ${failing}`).toContain(await textOf(at));
      await storeUpdate(at, update('next'), { fs: unsyncedFs });
      expect((await readdir(at.path)).filter((name) => name.endsWith('.part'))).toEqual([]);
    }
  });

  it('bad input 159: lasts through a power cut once it is said to be stored', async () => {
    const disk = new CachedDisk();
    await storeUpdate({ path: '/store' }, update('old'), { fs: disk });
    await change(disk, { path: '/store' });
    disk.powerCut();
    expect(await textOf({ path: '/store' }, disk)).toBe('new');
  });
});
