import { open } from 'node:fs/promises';
import { CodedError } from '../errors/coded-error.ts';
import type { ErrorCode } from '../errors/error-code.ts';
import { printable } from '../errors/printable.ts';

const LOOK = 'Check the path: what a file names is looked for beside that file, the rest in the current folder.';
const WRITABLE_BY_OTHERS = 0o022;

export interface GuardedFile {
  /** Bytes. */
  readonly limit: number;
  /** What people call it. */
  readonly what: string;
  readonly code?: ErrorCode;
}

/** A file that decides what is trusted: only this user or root may be able to change it, and its size is bounded. */
export async function readGuardedFile(
  path: string,
  { limit, what, code = 'PROFILE_INVALID' }: GuardedFile,
  host = { platform: process.platform, uid: process.getuid?.() },
): Promise<Buffer> {
  const refused = (message: string, suggestions: string[], cause?: unknown) =>
    new CodedError(code, message, { suggestions, cause });
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
    const shared = host.platform === 'win32' ? undefined : sharedWith(facts, host.uid);
    if (shared) throw refused(`${what} ${printable(path)} ${shared.why}`, [shared.remedy]);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function sharedWith({ mode, uid }: { mode: number; uid: number }, ownUid: number | undefined) {
  if ((mode & WRITABLE_BY_OTHERS) !== 0)
    return { why: 'may be changed by other users', remedy: 'Take their right away: chmod go-w FILE.' };
  if (ownUid !== undefined && uid !== ownUid && uid !== 0)
    return { why: 'belongs to another user', remedy: 'Copy it to a file of your own, after reading it.' };
  return undefined;
}
