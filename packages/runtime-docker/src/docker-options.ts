import { CodedError, printable } from '@dangerzone-image/core';

/** What the user says of the engine; at most one of the two. */
export interface DockerOptions {
  readonly host?: string | undefined;
  readonly context?: string | undefined;
}

const KNOWN = ['host', 'context'];

export function readDockerOptions(options: Readonly<Record<string, string>>): DockerOptions {
  for (const [key, value] of Object.entries(options)) {
    if (!KNOWN.includes(key)) throw unknownOption('docker', key, KNOWN);
    if (value === '')
      throw new CodedError('USAGE', `runtime option ${key} is empty`, {
        suggestions: [`Give it a value, or leave it out: --runtime-option ${key}=…`],
      });
  }
  const { host, context } = options;
  if (host !== undefined && context !== undefined)
    throw new CodedError('USAGE', 'runtime docker takes one of the options host and context, not both', {
      suggestions: ['A context has its host: leave one of them out.'],
    });
  return { host, context };
}

export function unknownOption(runtime: string, key: string, known: readonly string[]): CodedError {
  return new CodedError('USAGE', `runtime ${runtime} has no option ${printable(key)}`, {
    suggestions: [known.length > 0 ? `Its options are: ${known.join(', ')}.` : 'It has no options.'],
  });
}
