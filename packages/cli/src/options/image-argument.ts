import type { ImageReference } from '@dangerzone-image/core';
import { CodedError } from '@dangerzone-image/core/errors';
import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';

/** The image, as Dangerzone's own tool takes it: an argument, or `--image`. */
export const imageArgs = {
  // Without ignoreStdin oclif takes whatever is piped in as the image.
  image: Args.string({ description: "The image; default is the profile's.", ignoreStdin: true }),
};

export const imageFlags = {
  image: Flags.string({ summary: 'Same as the argument.', helpValue: 'IMAGE' }),
};

export async function readImage(
  argument: string | undefined,
  flag: string | undefined,
): Promise<ImageReference | undefined> {
  if (argument !== undefined && flag !== undefined) {
    throw new CodedError('USAGE', 'expected the image once, got it as an argument and with --image', {
      suggestions: ['Leave one of them out.'],
    });
  }
  const text = argument ?? flag;
  if (text === undefined) return undefined;
  const { parseReference } = await import('@dangerzone-image/core');
  return parseReference(text);
}
