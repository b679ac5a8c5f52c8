import { createHash } from 'node:crypto';
import path from 'node:path';
import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import type { Profile } from '../profile/profile.ts';

/**
 * Where a profile's state lives: `signatures/`, `manifests/`, `bundles/`, `ledger.json`, `ledger.lock`. An absolute path. For the
 * built-in profile it is Dangerzone's own data folder, so that both tools share signatures and floor.
 */
export interface StateFolder {
  readonly path: string;
  /** Dangerzone's own `settings.json`, where the state is shared with it; not where a folder was named by the user. */
  readonly dangerzoneSettings?: string;
}

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The home folder as the system tells it; nothing where there is none. */
  readonly home: string | undefined;
  /** `--state-dir`, which goes before the variable. */
  readonly override?: string;
  /** What a relative override is relative to. */
  readonly cwd?: string;
}

const REMEDY = 'Set HOME to your home folder, or name a folder with --state-dir or DANGERZONE_IMAGE_STATE_DIR.';

/** The state folder of a profile (design §4); nothing is created or looked at. */
export function locateStateFolder(
  profile: Pick<Profile, 'image' | 'dangerzoneLogId'>,
  surroundings: Surroundings,
): StateFolder {
  const { env, platform, override, cwd = process.cwd() } = surroundings;
  const paths = platform === 'win32' ? path.win32 : path.posix;
  const chosen = override || env.DANGERZONE_IMAGE_STATE_DIR;
  if (chosen) return { path: requireText(paths.resolve(cwd, chosen)) };
  const home = dataHome(surroundings, paths);
  if (profile.dangerzoneLogId !== undefined) {
    // Python's platformdirs puts the application's name twice on Windows: as author and as application.
    const names = platform === 'win32' ? ['dangerzone', 'dangerzone'] : ['dangerzone'];
    const config = configHome(surroundings, home, paths);
    return {
      path: paths.join(home, ...names),
      ...(config !== undefined && { dangerzoneSettings: paths.join(config, ...names, 'settings.json') }),
    };
  }
  const key = createHash('sha256').update(profile.image).digest('hex');
  return { path: paths.join(home, 'dangerzone-image', key) };
}

/**
 * Where trusted roots are kept that were fetched: this user's, for whatever profile, and a folder of ours in any case.
 * None where the system knows no home.
 */
export function locateTrustedRoots(surroundings: Omit<Surroundings, 'override' | 'cwd'>): StateFolder {
  const paths = surroundings.platform === 'win32' ? path.win32 : path.posix;
  return { path: paths.join(dataHome(surroundings, paths), 'dangerzone-image', 'trusted-root') };
}

function dataHome({ env, platform, home }: Surroundings, paths: typeof path.posix): string {
  if (platform === 'win32') {
    const local = env.LOCALAPPDATA;
    if (local && paths.isAbsolute(local)) return requireText(local);
    return paths.join(requireHome(home, paths), 'AppData', 'Local');
  }
  if (platform === 'darwin') return paths.join(requireHome(home, paths), 'Library', 'Application Support');
  const data = env.XDG_DATA_HOME;
  // A relative XDG path is to be ignored (XDG base directory specification).
  if (data && paths.isAbsolute(data)) return requireText(data);
  return paths.join(requireHome(home, paths), '.local', 'share');
}

/** Where Python's platformdirs keeps settings: apart from data on Linux alone. None where there is no home for them. */
function configHome({ env, platform, home }: Surroundings, data: string, paths: typeof path.posix): string | undefined {
  if (platform === 'win32' || platform === 'darwin') return data;
  const config = env.XDG_CONFIG_HOME;
  if (config && paths.isAbsolute(config)) return requireText(config);
  return isHome(home, paths) ? paths.join(requireText(home), '.config') : undefined;
}

/** HOME=/ is what services and broken containers have: state there would be everybody's. */
function requireHome(home: string | undefined, paths: typeof path.posix): string {
  if (isHome(home, paths)) return requireText(home);
  throw new CodedError('STATE_INVALID', `expected a home folder to keep state in, got ${printable(home)}`, {
    suggestions: [REMEDY],
  });
}

function isHome(home = '', paths: typeof path.posix): home is string {
  return paths.isAbsolute(home) && paths.resolve(home) !== paths.parse(home).root;
}

function requireText(folder: string): string {
  if (!folder.includes('\0')) return folder;
  throw new CodedError('STATE_INVALID', `expected the path of a folder, got ${printable(folder)}`, {
    suggestions: [REMEDY],
  });
}
