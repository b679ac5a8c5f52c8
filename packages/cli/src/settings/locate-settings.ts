import path from 'node:path';

export interface SettingsSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The home folder as the system tells it; nothing where there is none. */
  readonly home: string | undefined;
}

/** Our own folder of settings, shared with no other program; none where the system knows no home for it. */
export function settingsFolder({ env, platform, home }: SettingsSurroundings): string | undefined {
  const paths = platform === 'win32' ? path.win32 : path.posix;
  const absolute = (text: string | undefined) => (text && paths.isAbsolute(text) ? text : undefined);
  const below = (...names: string[]) => {
    const start = absolute(home);
    return start === undefined ? undefined : paths.join(start, ...names);
  };
  const config =
    platform === 'win32'
      ? (absolute(env.APPDATA) ?? below('AppData', 'Roaming'))
      : platform === 'darwin'
        ? below('Library', 'Application Support')
        : (absolute(env.XDG_CONFIG_HOME) ?? below('.config'));
  return config === undefined ? undefined : paths.join(config, 'dangerzone-image');
}
