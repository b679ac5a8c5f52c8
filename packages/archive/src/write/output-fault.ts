import { CodedError, codeOf, printable } from '@dangerzone-image/core';

const REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: 'Create the folder first, or name another one with --output.',
  ENOTDIR: 'Name a file in a folder with --output.',
  ELOOP: 'Remove the symbolic link, or name another file with --output.',
};
const REMEDY = 'Name a file with --output in a folder where you may write.';

/** A failed call on the file that is being written, in our words; what is no system error goes on as it is. */
export function outputFault(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || codeOf(error) !== undefined || !('syscall' in error && 'code' in error))
    return error;
  const code = String(error.code);
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') return diskFull(path, code, { cause: error });
  return new CodedError('USAGE', `cannot write ${printable(path)}: ${code}`, {
    suggestions: [REMEDIES[code] ?? REMEDY],
    cause: error,
  });
}

export function diskFull(path: string, why: string, options: { details?: Record<string, unknown>; cause?: unknown }) {
  return new CodedError('DISK_FULL', `no room to write ${printable(path)}: ${why}`, {
    suggestions: ['Free some space and run the same command again: what was downloaded is kept.'],
    ...options,
  });
}

/** Anything but a plain file at the place: to replace it would surprise whoever put it there. */
export function refuseOutput(path: string, why: string): CodedError {
  return new CodedError('USAGE', `cannot write ${printable(path)}: it ${why}`, {
    suggestions: ['Move it away, or name another file with --output.'],
  });
}
