import { access, open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { CodedError, printable } from '@dangerzone-image/core';

/** What decides which engine is meant, beside the user's own words. */
export interface DockerSurroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly uid: number | undefined;
  /** A small file; undefined where there is none. */
  readFile(path: string): Promise<Uint8Array | undefined>;
  exists(path: string): Promise<boolean>;
}

const MAX_FILE_BYTES = 1024 * 1024;

export function dockerSurroundings(): DockerSurroundings {
  return {
    platform: process.platform,
    env: process.env,
    home: homedir(),
    uid: process.getuid?.(),
    readFile: readSmallFile,
    exists: (path) =>
      access(path).then(
        () => true,
        () => false,
      ),
  };
}

async function readSmallFile(path: string): Promise<Uint8Array | undefined> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR'))
      return undefined;
    throw new CodedError('USAGE', `${printable(path)} cannot be read`, {
      suggestions: ['Look at who owns it, and who may read it.'],
      cause,
    });
  }
  try {
    const { size } = await file.stat();
    if (size > MAX_FILE_BYTES)
      throw new CodedError('USAGE', `${printable(path)} has ${size} bytes: at most ${MAX_FILE_BYTES} are read`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
