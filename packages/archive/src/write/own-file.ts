import { constants } from 'node:fs';
import { type FileHandle, lstat, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { outputFault, refuseOutput } from './output-fault.ts';

/** `open` of node:fs/promises; a parameter, so that tests can fill the disk. */
export type OpenFile = (path: string, flags: number, mode?: number) => Promise<FileHandle>;

// No link is followed and no pipe waited for. Windows has neither flag; making a link there needs rights that others have not.
const FLAGS = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Opens or begins a file that an earlier run may have left. Its name can be guessed, and the folder may be everybody's:
 * what is there must be this user's own plain file, or another one would be overwritten by way of it.
 */
export async function openOwnFile(path: string, openFile: OpenFile = open): Promise<FileHandle> {
  const file = await openFile(path, FLAGS, 0o644).catch((error) => Promise.reject(outputFault(error, path)));
  try {
    const facts = await file.stat();
    const uid = process.getuid?.();
    if (!facts.isFile()) throw refuseOutput(path, 'is not a plain file');
    if (facts.nlink > 1) throw refuseOutput(path, `has ${facts.nlink} names (hard links)`);
    if (uid !== undefined && facts.uid !== uid) throw refuseOutput(path, `belongs to user ${facts.uid}`);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** A file or a link has its name replaced; a folder, a pipe or a device must not be. */
export async function requireReplaceable(path: string): Promise<void> {
  const folder = await stat(dirname(path)).catch((error) => Promise.reject(outputFault(error, path)));
  if (!folder.isDirectory()) throw refuseOutput(path, 'is to be in what is no folder');
  const facts = await lstat(path).catch((error) => {
    if (error.code === 'ENOENT') return undefined;
    throw outputFault(error, path);
  });
  if (facts && !facts.isFile() && !facts.isSymbolicLink()) throw refuseOutput(path, 'is no plain file');
}
