/** What a shell is told about the command line. Each word in it is plain: no shell reads anything into it, even unquoted. */
export interface CommandLine {
  readonly bin: string;
  readonly version: string;
  readonly nodes: readonly Node[];
}

/** A place where words are expected: the program itself, a topic, or a verb. */
export interface Node {
  /** The words after the program that lead here; none for the program itself. */
  readonly path: readonly string[];
  /** Verbs and topics that may follow at once. */
  readonly entries: readonly Entry[];
  readonly options: readonly Option[];
  readonly argument?: Values;
}

export interface Entry {
  readonly word: string;
  readonly summary: string;
}

export interface Option {
  readonly name: string;
  readonly char?: string;
  readonly summary: string;
  readonly isRepeatable: boolean;
  /** The name of the option that undoes this one. */
  readonly opposite?: string;
  /** Left out for a switch. */
  readonly value?: Values;
}

/** What an option or an argument takes, as far as that is known: these words, or a path, or both. */
export interface Values {
  readonly label: string;
  readonly words: readonly string[];
  readonly paths: 'none' | 'files' | 'json' | 'folders';
}

/** Every word of the line that leads to some verb or topic. */
export function pathsOf({ nodes }: CommandLine): readonly string[] {
  return nodes.filter(({ path }) => path.length > 0).map(keyOf);
}

/** A node's path as the scripts hold it: each word after a space, nothing for the program itself. */
export function keyOf({ path }: Node): string {
  return path.map((word) => ` ${word}`).join('');
}

export function spellings({ name, char }: Option): readonly string[] {
  return [...(char === undefined ? [] : [`-${char}`]), `--${name}`];
}

/** The first lines of each script. */
export function scriptHeader({ bin, version }: CommandLine, shell: string): readonly string[] {
  return [
    `# Completion of ${bin} ${version} for ${shell}. It runs nothing but the shell's own functions.`,
    `# Made by: ${bin} completion ${shell}. Make it again after an upgrade, or when a runtime was added.`,
  ];
}
