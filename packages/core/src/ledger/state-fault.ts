import { CodedError, codeOf } from '../errors/coded-error.ts';
import { printablePath } from '../errors/printable.ts';

const REMEDIES: Readonly<Record<string, string>> = {
  ELOOP: 'Remove the symbolic link, or name the real folder with --state-dir.',
  EACCES: 'Give yourself read and write permission there, or name another folder with --state-dir.',
  EPERM: 'Give yourself read and write permission there, or name another folder with --state-dir.',
  EROFS: 'That file system is read-only: name another folder with --state-dir.',
  ENOTDIR: 'A file stands where a folder is expected: move it away, or name another folder with --state-dir.',
  EIO: 'The disk reports errors: check it before going on.',
};

/** The system's own code of a failed call (`ENOENT`, …). */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || codeOf(error) !== undefined) return undefined;
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** A failed call on the state folder, told with its remedy. What is no system error goes on as it is. */
export function stateFault(error: unknown, doing: string, path: string): unknown {
  const code = systemCode(error);
  if (code === undefined) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return diskFull(`cannot ${doing} ${printablePath(path)}: no space left (${code})`, error);
  const remedy = REMEDIES[code] ?? 'Check the state folder, or name another one with --state-dir.';
  return new CodedError('STATE_INVALID', `cannot ${doing} ${printablePath(path)}: ${code}`, {
    suggestions: [remedy],
    cause: error,
  });
}

export function diskFull(message: string, cause: unknown): CodedError {
  return new CodedError('DISK_FULL', message, {
    suggestions: ['Free some space where the state folder is, and run this again: nothing was changed.'],
    cause,
  });
}
