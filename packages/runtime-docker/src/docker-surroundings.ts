import { constants } from 'node:fs';
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
  try {
    // A pipe or a device in its place would be waited for: opened without blocking, and refused by what it is.
    await using file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const facts = await file.stat();
    if (facts.isFile() && facts.size <= MAX_FILE_BYTES) return await file.readFile();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unreadable(path, cause);
  }
  throw unreadable(path);
}

function unreadable(path: string, cause?: unknown): CodedError {
  return new CodedError(
    'USAGE',
    `expected a file of at most ${MAX_FILE_BYTES} bytes that can be read: ${printable(path)}`,
    {
      suggestions: ['Look at what it is, and who may read it; or name the engine: --runtime-option host=…'],
      cause,
    },
  );
}
