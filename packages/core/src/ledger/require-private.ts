import { dirname } from 'node:path';
import { CodedError } from '../errors/coded-error.ts';
import { printablePath } from '../errors/printable.ts';
import { stateFault, systemCode } from './state-fault.ts';
import type { StateFacts, StateFs } from './state-fs.ts';

const GROUP_OR_OTHERS_WRITE = 0o022;

/** Creates a folder of ours with its parents, for this user alone; one that is there must pass the same check. */
export async function ensureFolder(path: string, fs: StateFs): Promise<void> {
  if (await findFolder(path, fs)) return;
  try {
    await fs.mkdir(path, 0o700);
    // The new name must last as long as what is written below it.
    await fs.syncFolder(dirname(path));
  } catch (error) {
    throw stateFault(error, 'create', path);
  }
  await findFolder(path, fs);
}

/**
 * False when there is none. A link, somebody else's folder or one that others may write to would let them choose what we
 * read and overwrite: refused.
 */
export async function findFolder(path: string, fs: StateFs): Promise<boolean> {
  const facts = await factsOf(path, fs);
  if (!facts) return false;
  if (!facts.isDirectory()) throw refused(path, 'is not a folder, or is a symbolic link', 'Move it away');
  requireOwned(path, facts, fs);
  return true;
}

/** What is at a path, links not followed; nothing when there is nothing. */
export async function factsOf(path: string, fs: StateFs): Promise<StateFacts | undefined> {
  try {
    return await fs.lstat(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw stateFault(error, 'look at', path);
  }
}

/** A plain file of this user's (or root's) that has no second name elsewhere and that nobody else may write. */
export function requirePrivateFile(path: string, facts: StateFacts, fs: StateFs): void {
  if (!facts.isFile()) throw refused(path, 'is not a plain file', 'Move it away');
  if (facts.nlink > 1) throw refused(path, `has ${facts.nlink} names (hard links): expected one`, 'Move it away');
  requireOwned(path, facts, fs);
}

function requireOwned(path: string, { uid, mode }: StateFacts, fs: StateFs): void {
  if (fs.uid === undefined) return;
  if (uid !== fs.uid && uid !== 0)
    throw refused(path, `belongs to user ${uid}: expected ${fs.uid} or root`, 'Move it away');
  if ((mode & GROUP_OR_OTHERS_WRITE) !== 0) {
    const rights = (mode & 0o777).toString(8).padStart(4, '0');
    throw refused(
      path,
      `may be written by others (mode ${rights})`,
      `Run chmod go-w on ${printablePath(path)} if nobody tampered with it`,
    );
  }
}

function refused(path: string, why: string, remedy: string): CodedError {
  return new CodedError('STATE_INVALID', `state ${printablePath(path)} ${why}`, {
    suggestions: [`${remedy}, or name another folder with --state-dir.`],
    details: { path },
  });
}
