import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { unsyncedFs } from '../ledger/failing-fs.test-support.ts';
import { changePreferences, readPreferences } from './preferences.ts';

async function state() {
  const home = await mkdtemp(join(tmpdir(), 'preferences-'));
  onTestFinished(() => rm(home, { recursive: true }));
  const folder = { path: join(home, 'state'), dangerzoneSettings: join(home, 'dangerzone', 'settings.json') };
  await mkdir(folder.path, { mode: 0o700 });
  await mkdir(dirname(folder.dangerzoneSettings), { mode: 0o700 });
  return {
    folder,
    file: join(folder.path, 'preferences.json'),
    read: () => readPreferences(folder, unsyncedFs),
    change: (change: Parameters<typeof changePreferences>[1]) => changePreferences(folder, change, unsyncedFs),
    dangerzoneSays: (text: string) => writeFile(folder.dangerzoneSettings, text, { mode: 0o600 }),
  };
}

describe('preferences', () => {
  it('are that nobody decided, and a check every twelve hours', async () => {
    const { read } = await state();
    expect(await read()).toEqual({ intervalHours: 12, notices: [] });
  });

  it('are kept', async () => {
    const { read, change } = await state();
    const pinnedSince = new Date('2026-06-01T00:00:00Z');
    await change((before) => ({ ...before, updates: 'ask', intervalHours: 24 }));
    await change((before) => ({ ...before, pinnedSince }));
    expect(await read()).toEqual({ updates: 'ask', intervalHours: 24, pinnedSince, notices: [] });
    await change(({ pinnedSince: _, ...before }) => before);
    expect(await read()).toEqual({ updates: 'ask', intervalHours: 24, notices: [] });
  });

  it('give way to what the user said in Dangerzone, whatever that is', async () => {
    const { read, change, dangerzoneSays } = await state();
    await change((before) => ({ ...before, updates: 'on' }));
    await dangerzoneSays('{"updater_check_all": false}');
    expect((await read()).updates).toBe('off');
    await dangerzoneSays('{"updater_check_all": null}');
    expect((await read()).updates).toBe('on');
  });

  it.each([
    ['no JSON', '{"schema":1,'],
    ['of another schema', '{"schema":2}'],
    ['with a word that is none', '{"schema":1,"updates":"maybe"}'],
    ['with an interval of no time', '{"schema":1,"intervalHours":0}'],
    ['with a pin of no time', '{"schema":1,"pinnedSince":"2026-01-01T10:00:00-00"}'],
    ['with an unknown key', '{"schema":1,"update":"on"}'],
  ])('that are %s count as nothing decided, are told, and are kept aside by the next decision', async (_, text) => {
    const { read, change, file, folder } = await state();
    await writeFile(file, text, { mode: 0o600 });
    const reading = await read();
    expect(reading).toMatchObject({ intervalHours: 12, unusable: { code: 'STATE_INVALID' } });
    expect(reading.updates).toBeUndefined();
    expect(reading.notices).toHaveLength(1);
    await change((before) => ({ ...before, updates: 'on' }));
    expect((await read()).updates).toBe('on');
    expect((await readdir(folder.path)).sort()).toEqual(['preferences.json', 'preferences.json.damaged-1']);
    expect(await readFile(`${file}.damaged-1`, 'utf8')).toBe(text);
  });
});
