import { describe, expect, it } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import { locateStateFolder, type Surroundings } from './state-folder.ts';

const dangerzone = { image: 'ghcr.io/freedomofpress/dangerzone/v1', dangerzoneLogId: 'c0d23d6a' };
const other = { image: 'registry.example.org/team/sandbox' };
const linux: Surroundings = { env: {}, platform: 'linux', home: '/home/ada', cwd: '/work' };
const mac: Surroundings = { ...linux, platform: 'darwin', home: '/Users/ada' };
const windows: Surroundings = {
  env: { LOCALAPPDATA: 'C:\\Users\\ada\\AppData\\Local' },
  platform: 'win32',
  home: 'C:\\Users\\ada',
  cwd: 'C:\\work',
};

describe('locateStateFolder', () => {
  it.each([
    ['linux', linux, '/home/ada/.local/share/dangerzone'],
    ['linux with XDG_DATA_HOME', { ...linux, env: { XDG_DATA_HOME: '/data' } }, '/data/dangerzone'],
    [
      'linux with XDG_DATA_HOME and no home',
      { ...linux, home: undefined, env: { XDG_DATA_HOME: '/data' } },
      '/data/dangerzone',
    ],
    [
      'linux with a relative XDG_DATA_HOME',
      { ...linux, env: { XDG_DATA_HOME: 'data' } },
      '/home/ada/.local/share/dangerzone',
    ],
    ['macOS', mac, '/Users/ada/Library/Application Support/dangerzone'],
    ['Windows', windows, 'C:\\Users\\ada\\AppData\\Local\\dangerzone\\dangerzone'],
    ['Windows without LOCALAPPDATA', { ...windows, env: {} }, 'C:\\Users\\ada\\AppData\\Local\\dangerzone\\dangerzone'],
  ])('is Dangerzone’s data folder for the built-in profile on %s', (_, surroundings, expected) => {
    expect(locateStateFolder(dangerzone, surroundings).path).toBe(expected);
  });

  it.each([
    ['linux', linux, /^\/home\/ada\/\.local\/share\/dangerzone-image\/[0-9a-f]{64}$/],
    ['macOS', mac, /^\/Users\/ada\/Library\/Application Support\/dangerzone-image\/[0-9a-f]{64}$/],
    ['Windows', windows, /^C:\\Users\\ada\\AppData\\Local\\dangerzone-image\\[0-9a-f]{64}$/],
  ])('is a folder of its own for every other image on %s', (_, surroundings, expected) => {
    expect(locateStateFolder(other, surroundings).path).toMatch(expected);
    expect(locateStateFolder({ image: `${other.image}2` }, surroundings)).not.toEqual(
      locateStateFolder(other, surroundings),
    );
  });

  it.each([
    ['linux', linux, '/home/ada/.config/dangerzone/settings.json'],
    [
      'linux with XDG_CONFIG_HOME',
      { ...linux, env: { XDG_CONFIG_HOME: '/etc/ada' } },
      '/etc/ada/dangerzone/settings.json',
    ],
    [
      'linux with a relative XDG_CONFIG_HOME',
      { ...linux, env: { XDG_CONFIG_HOME: 'c' } },
      '/home/ada/.config/dangerzone/settings.json',
    ],
    ['linux without a home', { ...linux, home: undefined, env: { XDG_DATA_HOME: '/data' } }, undefined],
    ['macOS', mac, '/Users/ada/Library/Application Support/dangerzone/settings.json'],
    ['Windows', windows, 'C:\\Users\\ada\\AppData\\Local\\dangerzone\\dangerzone\\settings.json'],
    ['linux, state elsewhere', { ...linux, override: '/apart' }, undefined],
  ])('knows Dangerzone’s settings on %s', (_, surroundings, expected) => {
    expect(locateStateFolder(dangerzone, surroundings).dangerzoneSettings).toBe(expected);
    expect(locateStateFolder(other, surroundings).dangerzoneSettings).toBeUndefined();
  });

  it('follows --state-dir before the variable, and both before the profile', () => {
    const env = { DANGERZONE_IMAGE_STATE_DIR: '/by/variable' };
    expect(locateStateFolder(dangerzone, { ...linux, env }).path).toBe('/by/variable');
    expect(locateStateFolder(other, { ...linux, env, override: '/by/flag' }).path).toBe('/by/flag');
    expect(locateStateFolder(other, { ...linux, override: 'here' }).path).toBe('/work/here');
    expect(locateStateFolder(other, { ...windows, override: 'here' }).path).toBe('C:\\work\\here');
  });

  it.each([
    ['no home', { ...linux, home: undefined }],
    ['an empty home', { ...linux, home: '' }],
    ['the root as home', { ...linux, home: '/' }],
    ['the root spelled otherwise', { ...linux, home: '/..//' }],
    ['a relative home', { ...linux, home: 'ada' }],
    ['a home with NUL', { ...linux, home: '/home/a\0da' }],
    ['no home on macOS', { ...mac, home: undefined }],
    ['a drive as home', { ...windows, env: {}, home: 'C:\\' }],
    ['a state folder with NUL', { ...linux, override: '/a\0b' }],
  ])('bad input 164: refuses %s with a way out', (_, surroundings) => {
    try {
      locateStateFolder(dangerzone, surroundings);
    } catch (error) {
      expect(codeOf(error)).toBe('STATE_INVALID');
      expect((error as { suggestions: string[] }).suggestions.join()).toContain('--state-dir');
      return;
    }
    throw new Error('expected a refusal');
  });
});
