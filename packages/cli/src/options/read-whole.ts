import { CodedError, printable } from '@dangerzone-image/core/errors';

/** A whole number after an option; what it may be is core's to say. */
export function readWhole(option: string, text: string | undefined, unit: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^[0-9]{1,5}$/.test(text)) return Number(text);
  throw new CodedError('USAGE', `expected whole ${unit} after ${option}, got ${printable(text)}`, {
    suggestions: [`For example: ${option} 24`],
  });
}
