import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Updates } from '../decision/decide.ts';
import { unsyncedFs } from '../ledger/failing-fs.test-support.ts';
import { changeDangerzoneSettings, readDangerzoneSettings, settingsOf } from './dangerzone-settings.ts';

async function settings(text?: string) {
  const home = await mkdtemp(join(tmpdir(), 'settings-'));
  onTestFinished(() => rm(home, { recursive: true }));
  const config = join(home, 'dangerzone');
  await mkdir(config, { mode: 0o755 });
  const file = join(config, 'settings.json');
  if (text !== undefined) await writeFile(file, text, { mode: 0o644 });
  const folder = { path: join(home, 'state'), dangerzoneSettings: file };
  return { config, file, folder, text: () => readFile(file, 'utf8') };
}

/** As Dangerzone 0.11 writes it. */
const written = `{
    "save": true,
    "ocr_language": "Espa\\u00f1ol",
    "open_app": null,
    "updater_ask_before_download": true,
    "updater_check_all": null,
    "updater_last_check": 1763000000,
    "updater_remote_log_index": 2086326142,
    "updater_errors": 0,
    "window": [1.0, 2e3, 12345678901234567890, {"x": -0.0}]
}`;

describe('Dangerzone’s settings', () => {
  it.each<[string, string, Updates | undefined]>([
    ['not asked yet', '{"updater_check_all": null, "updater_ask_before_download": true}', undefined],
    ['no word about it', '{}', undefined],
    ['no updates', '{"updater_check_all": false, "updater_ask_before_download": false}', 'off'],
    ['updates, asked first', '{"updater_check_all": true, "updater_ask_before_download": true}', 'ask'],
    ['updates, and no word about asking', '{"updater_check_all": true}', 'ask'],
    ['updates, unasked', '{"updater_check_all": true, "updater_ask_before_download": false}', 'on'],
    ['another kind of value', '{"updater_check_all": "true", "updater_ask_before_download": 0}', undefined],
  ])('with %s', async (_, text, updates) => {
    const { folder } = await settings(text);
    const reading = await readDangerzoneSettings(folder, unsyncedFs);
    expect(reading.updates).toBe(updates);
    expect(reading.notices).toEqual([]);
  });

  it.each([
    ['2', 2],
    ['2.0', undefined],
    ['1e3', undefined],
    ['9007199254740993', undefined],
    ['"2"', undefined],
    ['null', undefined],
  ])('count %s failed checks as %s: one more than that is written back', async (text, errors) => {
    const { folder } = await settings(`{"updater_errors": ${text}}`);
    const { content } = await readDangerzoneSettings(folder, unsyncedFs);
    expect(content?.values.updater_errors).toBe(errors);
  });

  it.each(['off', 'ask', 'on'] as const)(
    'say %s after that was decided, also where there was no file',
    async (updates) => {
      for (const text of [written, undefined]) {
        const { folder } = await settings(text);
        await changeDangerzoneSettings(folder, settingsOf(updates), { mayCreate: true, fs: unsyncedFs });
        expect((await readDangerzoneSettings(folder, unsyncedFs)).updates).toBe(updates);
      }
    },
  );

  it('keep every other key, in its place and in its spelling', async () => {
    const { folder, text } = await settings(written);
    await changeDangerzoneSettings(folder, { updater_check_all: true }, { mayCreate: false, fs: unsyncedFs });
    const expected = written.replace('"updater_check_all": null', '"updater_check_all": true');
    const flat = (json: string) => json.replace(/\s/g, '');
    expect(flat(await text())).toBe(flat(expected));
  });

  it('lose no key and no value, whatever is in them', async () => {
    const { folder, file, text } = await settings('{}');
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), async (others) => {
        // Two keys that differ in case alone are refused, as in every file: nothing is written then.
        await writeFile(file, JSON.stringify(others));
        await changeDangerzoneSettings(folder, settingsOf('on'), { mayCreate: false, fs: unsyncedFs });
        const { updater_check_all: _, updater_ask_before_download: __, ...rest } = JSON.parse(await text());
        expect(rest).toEqual(JSON.parse(JSON.stringify(others)));
      }),
      { numRuns: 200 },
    );
  });

  it('are written in ASCII, as Python does: on Windows Dangerzone reads them in another encoding than UTF-8', async () => {
    const { folder, text } = await settings('{"ocr_language": "Español \u{1f600}"}');
    await changeDangerzoneSettings(folder, settingsOf('on'), { mayCreate: false, fs: unsyncedFs });
    expect(await text()).toMatch(/^[\n -~]*$/);
    expect(JSON.parse(await text()).ocr_language).toBe('Español \u{1f600}');
  });

  it.each([
    ['no JSON', '{"updater_check_all": tru'],
    ['empty', ''],
    ['one key twice', '{"updater_check_all": true, "updater_check_all": false}'],
    ['not in UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString('latin1')],
  ])('that are %s are told, and never written over', async (name, text) => {
    const { folder, file, config } = await settings(text);
    if (name === 'not in UTF-8') await writeFile(file, Buffer.from(text, 'latin1'));
    const before = await readFile(file);
    const notices = await changeDangerzoneSettings(folder, settingsOf('on'), { mayCreate: true, fs: unsyncedFs });
    expect(notices).toEqual([expect.stringContaining('settings.json')]);
    expect(await readFile(file)).toEqual(before);
    expect(await readdir(config)).toEqual(['settings.json']);
  });

  it('that are a list are not ours to change', async () => {
    const { folder, text } = await settings('[1, 2]');
    const notices = await changeDangerzoneSettings(folder, settingsOf('on'), { mayCreate: true, fs: unsyncedFs });
    expect(notices).toHaveLength(1);
    expect(await text()).toBe('[1, 2]');
  });

  it('that cannot be used are told with what to do', async () => {
    const { folder, config } = await settings(written);
    await chmod(config, 0o775);
    const { notices } = await readDangerzoneSettings(folder, unsyncedFs);
    expect(notices.join()).toContain('chmod go-w');
  });

  it('behind a link, or that others may write, are left alone', async () => {
    const { folder, file, config } = await settings(written);
    await chmod(file, 0o666);
    expect(await changeDangerzoneSettings(folder, settingsOf('on'), { mayCreate: true, fs: unsyncedFs })).toHaveLength(
      1,
    );
    await rm(file);
    const elsewhere = join(config, 'elsewhere.json');
    await writeFile(elsewhere, written);
    await symlink(elsewhere, file);
    expect(await changeDangerzoneSettings(folder, settingsOf('on'), { mayCreate: true, fs: unsyncedFs })).toHaveLength(
      1,
    );
    expect(await readFile(elsewhere, 'utf8')).toBe(written);
  });

  it('are not made where the user decided nothing', async () => {
    const { folder, config } = await settings();
    await changeDangerzoneSettings(folder, { updater_last_check: 1 }, { mayCreate: false, fs: unsyncedFs });
    expect(await readdir(config)).toEqual([]);
  });

  it('are not looked for where the state is not shared', async () => {
    const { folder } = await settings(written);
    expect(await readDangerzoneSettings({ path: folder.path }, unsyncedFs)).toEqual({ isMissing: true, notices: [] });
  });
});
