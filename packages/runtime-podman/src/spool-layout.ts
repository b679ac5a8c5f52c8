import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CodedError, type LayoutFile, printable } from '@dangerzone-image/core';

const PARENT = 'dangerzone-image';

/**
 * Where in a spool folder the layout lies, as a relative path. Podman 4 makes the image's name of it, whatever name is
 * given, and the name must be lower case and nobody else's; later ones take the name that is given.
 */
export function layoutIn(folder: string): string {
  return `${PARENT}/${basename(folder).toLowerCase()}`;
}

export async function removeLayout(folder: string): Promise<void> {
  await rm(join(folder, PARENT), { recursive: true, force: true });
}

const FULL = ['ENOSPC', 'EDQUOT'];

/**
 * Writes an image layout into a private folder, for Podman to read where it is. Podman is asked only when this has ended:
 * what is wrong was thrown by then. Nothing is synced, for nothing of it outlives the call.
 */
export async function spoolLayout(
  files: AsyncIterable<LayoutFile>,
  folder: string,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await mkdir(join(folder, 'blobs', 'sha256'), { recursive: true, mode: 0o700 });
    for await (const { path, content } of files) {
      await writeFile(join(folder, path), content, { flag: 'wx', mode: 0o600, ...(signal && { signal }) });
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof Error && 'code' in error && FULL.includes(String(error.code))
      ? noRoom(folder, error)
      : error;
  }
}

function noRoom(folder: string, cause: Error): CodedError {
  return new CodedError('DISK_FULL', `no room in ${printable(folder)} for what Podman is to read`, {
    suggestions: ['Free some space, or set TMPDIR to a folder with room; then run the same command again.'],
    details: { folder },
    cause,
  });
}
