/** How this run wants to be answered: read from the bare words, since an error may come before they are parsed. */
export interface Invocation {
  /** Empty until a verb was recognised. */
  verb: string;
  readonly version: string;
  readonly isJson: boolean;
  readonly isDebug: boolean;
}

export function readInvocation(argv: readonly string[], version: string): Invocation {
  const dashes = argv.indexOf('--');
  const words = dashes === -1 ? argv : argv.slice(0, dashes);
  return { verb: '', version, isJson: words.includes('--json'), isDebug: words.includes('--debug') };
}
