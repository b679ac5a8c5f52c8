import { open } from 'node:fs/promises';
import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';

const LOOK = 'Check the path: what a profile names is looked for beside the profile, the rest in the current folder.';
const WRITABLE_BY_OTHERS = 0o022;

/** A file that decides what is trusted: only this user or root may be able to change it, and its size is bounded. */
export async function readGuardedFile(
  path: string,
  limit: number,
  what: string,
  host = { platform: process.platform, uid: process.getuid?.() },
): Promise<Buffer> {
  const file = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'does not exist' : `cannot be read (${cause.code})`;
    throw refused(`${what} ${printable(path)} ${why}`, [LOOK], cause);
  });
  try {
    const facts = await file.stat();
    if (!facts.isFile()) throw refused(`${what} ${printable(path)} is not a file`, ['Name a plain file.']);
    if (facts.size > limit)
      throw refused(`${what} ${printable(path)} has ${facts.size} bytes: at most ${limit} are read`, [
        'Check that this is the right file.',
      ]);
    // Windows keeps no such bits; there the folder's own access list protects the file.
    if (host.platform !== 'win32') refuseSharedFile(facts, path, what, host.uid);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function refuseSharedFile(
  { mode, uid }: { mode: number; uid: number },
  path: string,
  what: string,
  ownUid: number | undefined,
): void {
  if ((mode & WRITABLE_BY_OTHERS) !== 0) {
    throw refused(`${what} ${printable(path)} may be changed by other users`, [
      'Take their right away: chmod go-w FILE.',
    ]);
  }
  if (ownUid !== undefined && uid !== ownUid && uid !== 0) {
    throw refused(`${what} ${printable(path)} belongs to another user`, [
      'Copy it to a file of your own, after reading it.',
    ]);
  }
}

function refused(message: string, suggestions: string[], cause?: unknown): CodedError {
  return new CodedError('PROFILE_INVALID', message, { suggestions, cause });
}
