export interface FoundVerb {
  /** The verb's words: `plugins add`. */
  readonly verb: string;
  /** oclif's spelling of it: `plugins:add`. */
  readonly id: string;
  /** What comes after it. */
  readonly words: readonly string[];
}

/** A verb as it is typed, from oclif's spelling. */
export function verbOf(id: string): string {
  return id.replace(':', ' ');
}

/** The verb at the beginning of the words; some are of two words. */
export function findVerb(argv: readonly string[], ids: readonly string[]): FoundVerb | undefined {
  for (const length of [2, 1]) {
    const words = argv.slice(0, length);
    const id = words.join(':');
    if (words.length === length && ids.includes(id) && words.every((word) => !word.includes(':')))
      return { verb: verbOf(id), id, words: argv.slice(length) };
  }
  return undefined;
}

/** True for nothing at all, and for a word with which several verbs begin: there is help to show. */
export function isTopic(words: readonly string[], ids: readonly string[]): boolean {
  const [topic, ...others] = words;
  return topic === undefined || (others.length === 0 && ids.some((id) => id.startsWith(`${topic}:`)));
}
