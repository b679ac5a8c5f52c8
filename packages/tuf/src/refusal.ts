import { CodedError, codeOf, printable } from '@dangerzone-image/core';
import { LengthOrHashMismatchError, UnsignedMetadataError } from '@tufjs/models/dist/error.js';
import { BadVersionError, EqualVersionError, ExpiredMetadataError } from 'tuf-js/dist/error.js';

/** Why a file of a TUF repository is not believed. */
export type RefusalReason = keyof typeof explanations;

const explanations = {
  unsigned: 'is not signed by enough of the keys that must sign it',
  expired: 'has expired: whoever answers may be holding back a newer one',
  older: 'is older than what was verified before',
  mismatch: 'is not the file that the signed metadata means',
  malformed: 'is not in the form that TUF has',
  missing: 'is not there',
  unreadable: 'is of a form that this version of the tool does not know',
} as const;

const remedies: Readonly<Partial<Record<RefusalReason, string>>> = {
  expired: 'Check the clock of this machine; then try again later, or from another network.',
  missing: 'Check the address after --mirror, or leave it out.',
  unreadable: 'Update this tool.',
};
const AGAIN = 'Nothing was changed. Try again later, or from another network; if it stays so, tell Sigstore.';

export function refuse(name: string, reason: RefusalReason, cause?: unknown): CodedError {
  const because = cause instanceof Error && codeOf(cause) === undefined ? ` (${printable(cause.message)})` : '';
  return new CodedError('TRUSTED_ROOT_REFUSED', `${name} ${explanations[reason]}${because}`, {
    suggestions: [remedies[reason] ?? AGAIN],
    details: { file: name, reason },
    cause,
  });
}

/** Runs a step of the library on a file; what it refuses is told by the file's name, and what is ours goes on as it is. */
export function onFile<T>(name: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw codeOf(error) === undefined ? refuse(name, reasonOf(error), error) : error;
  }
}

/** The library's classes are in this bundle alone, so that they can be told apart by class. */
function reasonOf(error: unknown): RefusalReason {
  if (error instanceof UnsignedMetadataError) return 'unsigned';
  if (error instanceof ExpiredMetadataError) return 'expired';
  if (error instanceof BadVersionError) return 'older';
  if (error instanceof LengthOrHashMismatchError) return 'mismatch';
  return 'malformed';
}

export function isSameVersion(error: unknown): boolean {
  return error instanceof EqualVersionError;
}
