import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf, hexOf } from '../oci/digest.ts';
import { MAX_SIGNATURE_BUNDLE_BYTES } from '../verify/accept-bundle-signature.ts';
import { bundledDigests, listBundles, readBundles, writeBundles } from './bundle-store.ts';
import { systemError, unsyncedFs, withFaults } from './failing-fs.test-support.ts';
import { removeLeftOvers } from './remove-left-overs.ts';
import type { StateFolder } from './state-folder.ts';

const fs = unsyncedFs;
const about = digestOf(Buffer.from('an image'));
const other = digestOf(Buffer.from('another image'));
const mediaType = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const bundle = (text: string) => ({ mediaType, bytes: Buffer.from(JSON.stringify({ mediaType, text })) });
const [first, second] = [bundle('first'), bundle('second')];
const byName = (bundles: readonly (typeof first)[]) =>
  [...bundles].sort((left, right) => (digestOf(left.bytes) < digestOf(right.bytes) ? -1 : 1));

let folder: StateFolder;
beforeEach(() => {
  folder = { path: mkdtempSync(join(tmpdir(), 'bundles-')) };
});
afterEach(() => rmSync(folder.path, { recursive: true, force: true }));
const place = () => join(folder.path, 'bundles', `sha256-${hexOf(about)}`);
const fileOf = ({ bytes }: typeof first) => join(place(), `${hexOf(digestOf(bytes))}.json`);
const put = (path: string, content: string | Uint8Array) => writeFileSync(path, content, { mode: 0o600 });

describe('the bundle store', () => {
  it('gives back the bundles of a digest and of no other, in a stable order', async () => {
    expect(await readBundles(folder, about)).toEqual([]);
    expect(await bundledDigests(folder)).toEqual([]);
    await writeBundles(folder, about, [first, second, first]);
    expect(await readBundles(folder, about)).toEqual(byName([first, second]));
    expect(await readBundles(folder, other)).toEqual([]);
    expect(await bundledDigests(folder)).toEqual([about]);
    await writeBundles(folder, other, [second]);
    expect(await bundledDigests(folder)).toEqual([about, other].sort());
  });

  it('adds to what is stored, and writes the same one once', async () => {
    await writeBundles(folder, about, [first]);
    await writeBundles(folder, about, [second, first]);
    expect(await readBundles(folder, about)).toEqual(byName([first, second]));
    await writeBundles(folder, about, []);
    expect(readdirSync(place())).toHaveLength(2);
  });

  it('is for this user alone', async () => {
    await writeBundles(folder, about, [first]);
    expect([statSync(place()).mode & 0o777, statSync(fileOf(first)).mode & 0o777]).toEqual([0o700, 0o600]);
  });

  it('passes over names that are not its own', async () => {
    await writeBundles(folder, about, [first]);
    put(join(folder.path, 'bundles', 'README'), '');
    for (const name of ['README', 'x.json', `${hexOf(other)}.json.damaged-1`, `${hexOf(other)}`])
      put(join(place(), name), '{}');
    expect(await bundledDigests(folder)).toEqual([about]);
    expect(await readBundles(folder, about)).toEqual([first]);
  });

  it.each([
    [
      'edited',
      '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.2+json"}',
      'application/vnd.dev.sigstore.bundle.v0.2+json',
    ],
    ['cut off', '{"mediaType":"appl', ''],
    ['empty', '', ''],
    ['no object', 'null', ''],
    ['with a number for its media type', '{"mediaType":3}', ''],
    ['with two media types', `{"mediaType":"${mediaType}","MediaType":"x"}`, ''],
  ])('bad input 162: hands out one that is %s as it is, for verification to refuse', async (_name, content, type) => {
    await writeBundles(folder, about, [first, second]);
    put(fileOf(first), content);
    const found = await readBundles(folder, about);
    expect(found).toContainEqual(second);
    expect(found).toContainEqual({ mediaType: type, bytes: Buffer.from(content) });
    await writeBundles(folder, about, [first]);
    expect(await readBundles(folder, about)).toEqual(byName([first, second]));
  });

  it('has room for 50 of a digest: those that were verified just now stay', async () => {
    const many = Array.from({ length: 50 }, (_, at) => bundle(`${at}`));
    await writeBundles(folder, about, many, { fs });
    await writeBundles(folder, about, [first, second], { fs });
    const stored = await readBundles(folder, about);
    expect(stored).toHaveLength(50);
    expect(stored).toEqual(expect.arrayContaining([first, second]));
    expect(readdirSync(place())).toHaveLength(50);
    await expect(writeBundles(folder, about, [...many, first], { fs })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
  });

  it('bad input 16: keeps none that is too long, and then none of those given with it', async () => {
    const long = { mediaType, bytes: Buffer.alloc(MAX_SIGNATURE_BUNDLE_BYTES + 1, ' ') };
    await expect(writeBundles(folder, about, [first, long])).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(existsSync(place())).toBe(false);
  });

  it('bad input 167: reads none that is too long, nor a folder of a thousand names and more', async () => {
    await writeBundles(folder, about, [first]);
    put(fileOf(first), Buffer.alloc(MAX_SIGNATURE_BUNDLE_BYTES + 1));
    await expect(readBundles(folder, about)).rejects.toMatchObject({ code: 'STATE_INVALID' });
    put(fileOf(first), first.bytes);
    for (let at = 0; at < 1000; at++) put(join(place(), `${at}`), '');
    await expect(readBundles(folder, about)).rejects.toMatchObject({ code: 'STATE_INVALID' });
  });

  it.runIf(process.platform !== 'win32').each<[string, () => void]>([
    ['the folder is a link', () => moveAndLink(join(folder.path, 'bundles'))],
    ['the digest’s folder is a link', () => moveAndLink(place())],
    ['a bundle is a link', () => moveAndLink(fileOf(first))],
    ['a bundle may be written by others', () => chmodSync(fileOf(first), 0o622)],
    ['a bundle is a folder', () => mkdirSync(join(place(), `${hexOf(other)}.json`), { mode: 0o700 })],
  ])('bad input 157: refuses to read where %s', async (_name, damage) => {
    await writeBundles(folder, about, [first]);
    damage();
    await expect(readBundles(folder, about)).rejects.toMatchObject({ code: 'STATE_INVALID' });
  });

  it('bad input 157: replaces a link and never writes through it', async () => {
    const secret = join(folder.path, 'secret');
    put(secret, 'secret');
    await writeBundles(folder, about, [second]);
    symlinkSync(secret, fileOf(first));
    await writeBundles(folder, about, [first]);
    expect(await readBundles(folder, about)).toEqual(byName([first, second]));
    expect(statSync(secret).size).toBe('secret'.length);
  });

  it('bad input 158: a write that dies at any call leaves each bundle whole or away, and its remains are cleared up', async () => {
    const old = Array.from({ length: 49 }, (_, at) => bundle(`${at}`));
    let isOver = false;
    for (let last = 0; !isOver; last++) {
      expect(last).toBeLessThan(100);
      rmSync(join(folder.path, 'bundles'), { recursive: true, force: true });
      await writeBundles(folder, about, old, { fs });
      let call = 0;
      const dying = withFaults(fs, () => (call++ >= last ? new Error('killed') : 'go on'));
      await writeBundles(folder, about, [first, second], { fs: dying }).then(
        () => {
          isOver = true;
        },
        () => undefined,
      );
      await removeLeftOvers(folder, fs);
      const names = readdirSync(place());
      const whole = new Set([...old, first, second].map(({ bytes }) => `${hexOf(digestOf(bytes))}.json`));
      expect(names.filter((name) => !whole.has(name))).toEqual([]);
      for (const each of await readBundles(folder, about)) expect([...old, first, second]).toContainEqual(each);
    }
    expect((await listBundles(folder, about)).length).toBe(50);
  });

  it('bad input 158: a full disk is told, and nothing half-written stays', async () => {
    const full = withFaults(fs, (call) => (call === 'write' ? systemError('ENOSPC') : 'go on'));
    await expect(writeBundles(folder, about, [first], { fs: full })).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(readdirSync(place())).toEqual([]);
  });
});

function moveAndLink(path: string): void {
  const away = join(folder.path, 'away');
  renameSync(path, away);
  symlinkSync(away, path);
}
