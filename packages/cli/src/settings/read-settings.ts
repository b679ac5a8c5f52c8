import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { printable } from '@dangerzone-image/core/errors';
import { type SettingsSurroundings, settingsFolder } from './locate-settings.ts';
import type { Settings } from './settings.ts';

const MAX_BYTES = 64 * 1024;

/** The user's `config.json`, its paths made absolute; nothing is loaded for whoever has none. */
export async function readSettings(surroundings: SettingsSurroundings): Promise<Settings> {
  const folder = settingsFolder(surroundings);
  const path = folder && join(folder, 'config.json');
  if (path === undefined || !existsSync(path)) return {};
  const [{ parseJson, parseShape, readGuardedFile }, { settingsSchema }] = await Promise.all([
    import('@dangerzone-image/core'),
    import('./settings.ts'),
  ]);
  const place = { where: `settings ${printable(path)}`, code: 'USAGE' } as const;
  // It names whom to trust: like a profile, only this user may be able to change it.
  const bytes = await readGuardedFile(path, { limit: MAX_BYTES, what: 'settings', code: 'USAGE' });
  return withAbsolutePaths(parseShape(settingsSchema, parseJson(bytes, place), place), dirname(path));
}

/** Paths are relative to the file that names them, never to the current folder. */
function withAbsolutePaths(settings: Settings, folder: string): Settings {
  const { profile, caFile, authFile } = settings;
  return {
    ...settings,
    ...(profile !== undefined && /[/\\]|\.json$/.test(profile) && { profile: resolve(folder, profile) }),
    ...(caFile !== undefined && { caFile: resolve(folder, caFile) }),
    ...(authFile !== undefined && { authFile: resolve(folder, authFile) }),
  };
}
