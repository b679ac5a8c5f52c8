import { CodedError } from '../errors/coded-error.ts';
import { printablePath } from '../errors/printable.ts';
import { diskFull } from './state-fault.ts';

const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;

export function isBusy(error: unknown): boolean {
  return resultCode(error) === SQLITE_BUSY;
}

/** Why SQLite could not lock the file; that another process has the lock is none. */
export function lockFault(path: string, cause: unknown): CodedError {
  const file = printablePath(path);
  if (resultCode(cause) === SQLITE_FULL) return diskFull(`cannot lock ${file}: no space left`, cause);
  return new CodedError('STATE_INVALID', `cannot lock ${file}`, {
    suggestions: [
      `Remove ${file} (it holds nothing), check that its folder is writable, or name another one with --state-dir.`,
    ],
    cause,
  });
}

/** The low byte is the primary result code (sqlite.org/rescode.html). */
function resultCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
}
