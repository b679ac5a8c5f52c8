import path from 'node:path';
import type { Environment } from '../choose-proxy.ts';

export interface AuthFilePlace {
  readonly path: string;
  /** The user named it: it must be there and in order. */
  readonly isNamed: boolean;
}

export interface AuthFileSurroundings {
  /** `--auth-file`: no other is read. */
  readonly authFile?: string | undefined;
  readonly env: Environment;
  readonly home: string | undefined;
  readonly platform: NodeJS.Platform;
}

/**
 * Where credentials may be, most wanted first: Podman's order (containers-auth.json(5)), then Docker's file. A variable
 * that holds no absolute path is passed over, for it would point into the current folder, where anybody's files may be.
 */
export function authFilePlaces({ authFile, env, home, platform }: AuthFileSurroundings): readonly AuthFilePlace[] {
  if (authFile !== undefined) return [{ path: authFile, isNamed: true }];
  const paths = platform === 'win32' ? path.win32 : path.posix;
  const absolute = (text: string | undefined) => (text && paths.isAbsolute(text) ? text : undefined);
  const below = (folder: string | undefined, ...names: string[]) =>
    folder === undefined ? [] : [{ path: paths.join(folder, ...names), isNamed: false }];

  const registryAuthFile = absolute(env.REGISTRY_AUTH_FILE);
  if (registryAuthFile !== undefined) return [{ path: registryAuthFile, isNamed: true }];
  const ownHome = absolute(home);
  const inHome = (name: string) => (ownHome === undefined ? undefined : paths.join(ownHome, name));
  return [
    ...below(platform === 'linux' ? absolute(env.XDG_RUNTIME_DIR) : undefined, 'containers', 'auth.json'),
    ...below(absolute(env.XDG_CONFIG_HOME) ?? inHome('.config'), 'containers', 'auth.json'),
    ...below(absolute(env.DOCKER_CONFIG) ?? inHome('.docker'), 'config.json'),
  ];
}
