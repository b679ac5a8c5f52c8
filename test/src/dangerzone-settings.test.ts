import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createWorld, type World } from './world.ts';

/** As Dangerzone 0.11 writes them. */
const SETTINGS = {
  save: true,
  ocr_language: 'English',
  open_app: null,
  updater_ask_before_download: true,
  updater_check_all: null,
  updater_last_check: 1763000000,
  updater_latest_version: '0.11.0',
  updater_remote_log_index: 2086326142,
  updater_errors: 2,
  an_unknown_key: [1, 2],
};

async function machine(world: World, settings?: object) {
  const config = join(world.folder, 'home', '.config', 'dangerzone');
  const file = join(config, 'settings.json');
  if (settings) {
    await mkdir(config, { recursive: true });
    await writeFile(file, JSON.stringify(settings, undefined, 4));
  }
  return { file, read: async () => JSON.parse(await readFile(file, 'utf8')) };
}

describe('acceptance 2: decisions in step with Dangerzone’s settings', () => {
  it('what is decided here is decided there, and the reverse; no other key changes', async () => {
    await using world = await createWorld();
    const { file, read } = await machine(world, SETTINGS);
    expect(await world.runBare(['updates', '--json'])).toMatchObject({ code: 0, json: { status: 'not-decided' } });
    const decisions = [
      ['off', { updater_check_all: false }],
      ['ask', { updater_check_all: true, updater_ask_before_download: true }],
      ['on', { updater_check_all: true, updater_ask_before_download: false }],
    ] as const;
    for (const [word, keys] of decisions) {
      expect(await world.runBare(['updates', word, '--json'])).toMatchObject({ code: 0, json: { status: word } });
      expect(await read()).toEqual({ ...SETTINGS, ...keys });
    }
    await writeFile(file, JSON.stringify({ ...SETTINGS, updater_check_all: false }));
    expect(await world.runBare(['updates', '--json'])).toMatchObject({ json: { status: 'off' } });
  });

  it('Dangerzone, installed later, finds what was decided', async () => {
    await using world = await createWorld();
    const { read } = await machine(world);
    await world.runBare(['updates', 'ask', '--json']);
    expect(await read()).toEqual({ updater_check_all: true, updater_ask_before_download: true });
  });

  it('a file that cannot be read is told, is left as it is, and the decision counts here', async () => {
    await using world = await createWorld();
    const { file } = await machine(world, {});
    await writeFile(file, '{"save": tru');
    const run = await world.runBare(['updates', 'on', '--json']);
    expect(run).toMatchObject({ code: 0, json: { status: 'on' } });
    expect(run.json.notices).toEqual([expect.stringContaining('settings.json')]);
    expect(run.stderr).toBe('');
    expect(await readFile(file, 'utf8')).toBe('{"save": tru');
  });

  it('with a state folder that the user named, nothing of Dangerzone’s is read or written', async () => {
    await using world = await createWorld();
    const { read } = await machine(world, { ...SETTINGS, updater_check_all: true });
    const apart = ['--state-dir', join(world.folder, 'apart'), '--json'];
    expect(await world.runBare(['updates', ...apart])).toMatchObject({ json: { status: 'not-decided' } });
    await world.runBare(['updates', 'off', ...apart]);
    expect(await read()).toEqual({ ...SETTINGS, updater_check_all: true });
  });
});
