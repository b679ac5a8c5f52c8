import { CodedError, codeOf, escapeControls, printable } from '@dangerzone-image/core/errors';
import { verbOf } from './find-verb.ts';
import { nearest } from './nearest.ts';

/** What the words may be that the user mistyped. */
export interface Vocabulary {
  readonly bin: string;
  readonly verb: string;
  /** Long options by the verbs that have them. */
  readonly optionsByVerb: Readonly<Record<string, readonly string[]>>;
}

/** oclif's refusal of an argument, in our shape. Told apart by the lists that its errors carry, not by their text. */
export function usageError(error: unknown, vocabulary: Vocabulary): unknown {
  if (codeOf(error) !== undefined || !(error instanceof Error)) return error;
  const { flags, args } = error as { flags?: unknown; args?: unknown };
  if (isTexts(flags)) return unknownOption(flags, vocabulary, error);
  if (isTexts(args)) return unexpectedArgument(args, vocabulary, error);
  if (isArguments(args)) return missingArgument(args, vocabulary, error);
  const [firstLine = ''] = error.message.split('\n');
  return new CodedError('USAGE', escapeControls(firstLine), { suggestions: [seeHelp(vocabulary)], cause: error });
}

export function unknownVerb(words: readonly string[], ids: readonly string[], bin: string): CodedError {
  const [first = '', second] = words;
  const verbs = ids.map(verbOf);
  const isHalf = second !== undefined && verbs.some((verb) => verb.startsWith(`${first} `));
  const text = isHalf ? `${first} ${second}` : first;
  const guess = nearest(text, verbs);
  const message = text.startsWith('-')
    ? `expected a verb before any option, got ${printable(text)}`
    : `unknown verb ${printable(text)}`;
  return new CodedError('USAGE', message, {
    suggestions: [
      ...(guess ? [`Did you mean "${bin} ${guess}"?`] : []),
      `The verbs are: ${verbs.join(', ')}. See ${bin} --help`,
    ],
  });
}

function unknownOption(flags: readonly string[], { bin, verb, optionsByVerb }: Vocabulary, cause: Error): CodedError {
  const names = flags.map((flag) => flag.split('=', 1)[0] ?? flag);
  const own = optionsByVerb[verb] ?? [];
  const hints = names.flatMap((name) => {
    const option = name.replace(/^-+/, '');
    const owners = Object.keys(optionsByVerb).filter((other) => optionsByVerb[other]?.includes(option));
    if (owners.length > 0) return [`--${option} is an option of: ${owners.join(', ')}`];
    const guess = nearest(option, own);
    return guess ? [`Did you mean --${guess}?`] : [];
  });
  return new CodedError('USAGE', `unknown option ${names.map(printable).join(', ')} of ${verb}`, {
    suggestions: [...hints, `${bin} ${verb} --help lists the options.`],
    cause,
  });
}

function unexpectedArgument(args: readonly string[], vocabulary: Vocabulary, cause: Error): CodedError {
  return new CodedError('USAGE', `unexpected argument ${args.map(printable).join(', ')} of ${vocabulary.verb}`, {
    suggestions: [seeHelp(vocabulary)],
    cause,
  });
}

function missingArgument(args: readonly MissingArgument[], vocabulary: Vocabulary, cause: Error): CodedError {
  const names = args.map(({ name, options }) => `${name.toUpperCase()}${options ? ` (${options.join(', ')})` : ''}`);
  return new CodedError('USAGE', `expected ${names.join(' and ')} after ${vocabulary.verb}, got nothing`, {
    suggestions: [seeHelp(vocabulary)],
    cause,
  });
}

/** oclif's own declaration of an argument. */
interface MissingArgument {
  readonly name: string;
  readonly options?: readonly string[];
}

function isArguments(value: unknown): value is readonly MissingArgument[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item?.name === 'string');
}

function seeHelp({ bin, verb }: Vocabulary): string {
  return `See ${bin} ${verb} --help`;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string');
}
