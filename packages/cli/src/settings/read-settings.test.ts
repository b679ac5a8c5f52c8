import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder, writeFiles } from '../run-cli.test-support.ts';
import { settingsFolder } from './locate-settings.ts';
import { readSettings } from './read-settings.ts';

function write(content: unknown) {
  const config = temporaryFolder();
  writeFiles(config, { 'dangerzone-image/config.json': content });
  const path = join(config, 'dangerzone-image/config.json');
  const read = () => readSettings({ env: { XDG_CONFIG_HOME: config }, platform: 'linux', home: '/nowhere' });
  return { config, path, read };
}

describe('settings', () => {
  it.each<[string, NodeJS.Platform, Record<string, string>, string | undefined, string | undefined]>([
    ['Linux', 'linux', {}, '/home/u', '/home/u/.config/dangerzone-image'],
    ['Linux with its own folder', 'linux', { XDG_CONFIG_HOME: '/c' }, '/home/u', '/c/dangerzone-image'],
    [
      'Linux with a relative folder, which is passed over',
      'linux',
      { XDG_CONFIG_HOME: 'c' },
      '/home/u',
      '/home/u/.config/dangerzone-image',
    ],
    ['macOS', 'darwin', {}, '/Users/u', '/Users/u/Library/Application Support/dangerzone-image'],
    ['Windows', 'win32', { APPDATA: 'C:\\Data' }, 'C:\\Users\\u', 'C:\\Data\\dangerzone-image'],
    ['Windows without APPDATA', 'win32', {}, 'C:\\Users\\u', 'C:\\Users\\u\\AppData\\Roaming\\dangerzone-image'],
    ['a system that knows no home', 'linux', {}, undefined, undefined],
  ])('lie in this user’s own folder: %s', (_, platform, env, home, folder) => {
    expect(settingsFolder({ env, platform, home })).toBe(folder);
  });

  it('are none where there is no file', async () => {
    expect(await readSettings({ env: {}, platform: 'linux', home: temporaryFolder() })).toEqual({});
  });

  it('name paths relative to their own folder, and built-in profiles as they are', async () => {
    const { config, read } = write({ profile: './mine.json', caFile: 'ca.pem', authFile: '/auth.json' });
    const folder = join(config, 'dangerzone-image');
    expect(await read()).toEqual({
      profile: join(folder, 'mine.json'),
      caFile: join(folder, 'ca.pem'),
      authFile: '/auth.json',
    });
    expect(await write({ profile: 'dangerzone' }).read()).toEqual({ profile: 'dangerzone' });
  });

  it.each<[string, unknown]>([
    ['a field that is not known', { profil: 'x' }],
    ['a value of another kind', { mirrors: 'https://mirror.example.net' }],
    ['a negative time', { timeout: -1 }],
    ['a runtime option that no adapter could know', { runtimeOptions: { 'a=b': 'x' } }],
    ['no JSON', 'runtime = podman'],
    ['JSON of which two readers see two things', '{"profile":"a","profile":"b"}'],
    ['more than anybody would write', `{"profile":"${'x'.repeat(70_000)}"}`],
  ])('refuses %s', async (_, content) => {
    await expect(write(content).read()).rejects.toMatchObject({ code: 'USAGE' });
  });

  it.skipIf(process.platform === 'win32')('refuses a file that others may write: it names whom to trust', async () => {
    const { path, read } = write({ profile: 'dangerzone' });
    chmodSync(path, 0o666);
    await expect(read()).rejects.toMatchObject({ code: 'USAGE' });
  });
});
