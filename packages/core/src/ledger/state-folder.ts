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
    return { path: paths.join(home, ...(platform === 'win32' ? ['dangerzone', 'dangerzone'] : ['dangerzone'])) };
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

/** HOME=/ is what services and broken containers have: state there would be everybody's. */
function requireHome(home: string | undefined, paths: typeof path.posix): string {
  if (home && paths.isAbsolute(home) && paths.resolve(home) !== paths.parse(home).root) return requireText(home);
  throw new CodedError('STATE_INVALID', `expected a home folder to keep state in, got ${printable(home)}`, {
    suggestions: [REMEDY],
  });
}

function requireText(folder: string): string {
  if (!folder.includes('\0')) return folder;
  throw new CodedError('STATE_INVALID', `expected the path of a folder, got ${printable(folder)}`, {
    suggestions: [REMEDY],
  });
}
