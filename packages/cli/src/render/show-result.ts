import { escapeControls } from '@dangerzone-image/core/errors';
import { jsonLine } from './json-line.ts';

export interface Shown<Result> {
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  readonly lines: (result: Result) => readonly string[];
}

/** A verb's result as it goes to stdout: one JSON object, lines for a person, or nothing when only errors are wanted. */
export function showResult<Result extends { readonly verb: string; readonly status: string }>(
  result: Result,
  { isJson, isQuiet, lines }: Shown<Result>,
): string {
  const { verb, status, ...members } = result;
  // What a person looks for first comes first; the order means nothing to a program.
  if (isJson) return jsonLine({ schema: 1, verb, status, ...members });
  if (isQuiet) return '';
  return lines(result)
    .map((line) => `${escapeControls(line)}\n`)
    .join('');
}
