import type { StatusResult } from '@dangerzone-image/core';
import { CodedError, exitCodes } from '@dangerzone-image/core/errors';
import { referenceOf } from './image-lines.ts';

const codes = {
  verified: 0,
  'not-installed': exitCodes.IMAGE_NOT_INSTALLED,
  'not-verified': exitCodes.IMAGE_NOT_VERIFIED,
} as const;

/** For `--exit-code`: a report as a verdict. */
export function statusExitCode({ status }: Pick<StatusResult, 'status'>): number {
  return codes[status];
}

/** For `--print ref`: a script runs what this prints, so an image that does not verify is an error, not a line. */
export function requireRunnable({ status, image, reason }: Pick<StatusResult, 'status' | 'image' | 'reason'>): string {
  if (status === 'verified' && image) return referenceOf(image);
  if (status === 'not-installed') {
    throw new CodedError('IMAGE_NOT_INSTALLED', 'the image is not installed', {
      suggestions: ['Install it: dangerzone-image upgrade'],
    });
  }
  const why = reason ? `: ${reason.code}, ${reason.message}` : '';
  throw new CodedError('IMAGE_NOT_VERIFIED', `the installed image is not verified${why}`, {
    suggestions: reason?.suggestions ?? [],
  });
}
