import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { posix, win32 } from 'node:path';

export interface ProgramSurroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  isProgram(path: string): Promise<boolean>;
}

const here: ProgramSurroundings = { platform: process.platform, env: process.env, isProgram };

/**
 * The full path of a program, found in PATH; undefined where it is in none of its folders. An empty or relative entry
 * means the current folder, which may be anyone's download folder, and Windows looks there unasked: never for us.
 */
export async function findProgram(name: string, surroundings = here): Promise<string | undefined> {
  const { platform, env } = surroundings;
  const { delimiter, join } = platform === 'win32' ? win32 : posix;
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => isFullPath(folder, platform));
  for (const folder of folders) {
    const path = join(folder, name);
    if (await surroundings.isProgram(path)) return path;
  }
  return undefined;
}

/** With its drive, or a share: on Windows `\folder` alone is on whatever drive is the current one. */
export function isFullPath(path: string, platform: NodeJS.Platform): boolean {
  return platform === 'win32' ? /^(?:[A-Za-z]:[\\/]|\\\\)/.test(path) : posix.isAbsolute(path);
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false; // not there, or not ours to run: the next folder may have it
  }
}
