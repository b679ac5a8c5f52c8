import { CodedError } from '@dangerzone-image/core/errors';

/** A word of the command line as oclif read it. */
type Token =
  | { readonly type: 'flag'; readonly flag: string; readonly input: string }
  | { readonly type: 'arg'; readonly arg: string; readonly input: string };

interface ParsedWords {
  readonly raw: readonly Token[];
  readonly argv: readonly string[];
  readonly flags: Readonly<Record<string, { readonly type: string; readonly multiple?: boolean }>>;
}

/** What oclif lets pass: empty values, a switch given twice, and `--force=no`, which it reads as `--force` and an argument. */
export function requireWellFormed({ raw, argv, flags }: ParsedWords): void {
  const seen = new Set<string>();
  for (const token of raw) {
    const name = token.type === 'flag' ? `--${token.flag}` : token.arg.toUpperCase();
    if (token.input === '')
      throw refused(`expected a value for ${name}, got an empty one`, `Leave ${name} out, or give it a value.`);
    if (token.type === 'arg' || flags[token.flag]?.multiple) continue;
    if (seen.has(name)) throw refused(`expected ${name} once, got it again`, `Give ${name} only once.`);
    seen.add(name);
  }
  for (const word of beforeDashes(argv)) {
    const [, name = ''] = /^--([a-z-]+)=/.exec(word) ?? [];
    if (flags[name]?.type === 'boolean') throw refused(`--${name} takes no value`, `Write --${name}, or leave it out.`);
  }
}

function beforeDashes(argv: readonly string[]): readonly string[] {
  const dashes = argv.indexOf('--');
  return dashes === -1 ? argv : argv.slice(0, dashes);
}

function refused(message: string, suggestion: string): CodedError {
  return new CodedError('USAGE', message, { suggestions: [suggestion] });
}
