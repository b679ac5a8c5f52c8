import type { CommandLine, Entry, Node, Option, Values } from './command-line.ts';

/** What oclif's manifest says of a verb; no verb's code is loaded for it. */
export interface VerbMetadata {
  readonly id: string;
  readonly summary?: string | undefined;
  readonly hidden?: boolean | undefined;
  readonly flags: Readonly<Record<string, FlagMetadata>>;
  readonly args: Readonly<Record<string, ArgumentMetadata>>;
}

interface FlagMetadata {
  readonly type: 'boolean' | 'option';
  readonly name: string;
  readonly char?: string | undefined;
  readonly summary?: string | undefined;
  readonly hidden?: boolean | undefined;
  readonly allowNo?: boolean | undefined;
  readonly multiple?: boolean | undefined;
  readonly options?: readonly string[] | undefined;
  readonly helpValue?: string | readonly string[] | undefined;
}

interface ArgumentMetadata {
  readonly name: string;
  readonly options?: readonly string[] | undefined;
}

export interface Described {
  readonly bin: string;
  readonly version: string;
  readonly verbs: readonly VerbMetadata[];
  /** Summaries of topics by their id. */
  readonly topics: Readonly<Record<string, string>>;
  readonly runtimes: readonly string[];
  readonly profiles: readonly string[];
}

/** Names that core knows without a file. */
export const builtInProfiles: readonly string[] = ['dangerzone'];

const help: Option = { name: 'help', char: 'h', summary: 'Show help.', isRepeatable: false };
const version: Option = { name: 'version', summary: 'Show the version.', isRepeatable: false };

/** The model that the scripts are written from. A name that a shell could read something into is left out. */
export function describeCommandLine(described: Described): CommandLine {
  const verbs = described.verbs.filter(({ id, hidden }) => !hidden && wordsOf(id).every(isPlain));
  const nodes = new Map<string, Node>([['', { path: [], entries: [], options: [help, version] }]]);
  for (const { id } of verbs) {
    for (const [depth] of wordsOf(id).entries()) {
      const path = wordsOf(id).slice(0, depth + 1);
      nodes.set(path.join(':'), { path, entries: [], options: [help] });
    }
  }
  for (const verb of verbs) nodes.set(verb.id, describeVerb(verb, described));
  const summaries = { ...described.topics, ...Object.fromEntries(verbs.map(({ id, summary }) => [id, summary ?? ''])) };
  const all = [...nodes.values()].sort((left, right) => (left.path.join(' ') < right.path.join(' ') ? -1 : 1));
  return {
    bin: described.bin,
    version: described.version,
    nodes: all.map((node) => ({ ...node, entries: entriesBelow(node, all, summaries) })),
  };
}

function entriesBelow({ path }: Node, nodes: readonly Node[], summaries: Readonly<Record<string, string>>): Entry[] {
  const isChild = (other: Node) =>
    other.path.length === path.length + 1 && path.every((word, at) => other.path[at] === word);
  return nodes.filter(isChild).map((child) => ({
    word: child.path.at(-1) as string,
    summary: oneLine(summaries[child.path.join(':')] ?? ''),
  }));
}

function describeVerb(verb: VerbMetadata, described: Described): Node {
  const flags = Object.values(verb.flags).filter(({ hidden, name }) => !hidden && isPlain(name));
  const [argument] = Object.values(verb.args);
  return {
    path: wordsOf(verb.id),
    entries: [],
    options: [...flags.flatMap((flag) => describeFlag(flag, described)), help],
    ...(argument && { argument: describeArgument(argument) }),
  };
}

function describeFlag(flag: FlagMetadata, described: Described): readonly Option[] {
  const { name, char, multiple = false, allowNo = false } = flag;
  const option: Option = {
    name,
    ...(char && { char }),
    summary: oneLine(flag.summary ?? ''),
    isRepeatable: multiple,
    ...(flag.type === 'option' && { value: valuesOf(flag, described) }),
  };
  if (!allowNo) return [option];
  const opposite = `no-${name}`;
  return [
    { ...option, opposite },
    { name: opposite, summary: `Undo --${name}.`, isRepeatable: false, opposite: name },
  ];
}

function valuesOf({ name, helpValue, options }: FlagMetadata, { runtimes, profiles }: Described): Values {
  const label = typeof helpValue === 'string' ? helpValue : name.toUpperCase();
  if (name === 'runtime') return { label, words: plain(runtimes), paths: 'none' };
  if (name === 'profile') return { label, words: plain(profiles), paths: 'json' };
  return { label, words: plain(options ?? []), paths: pathsByLabel[label] ?? 'none' };
}

const pathsByLabel: Readonly<Record<string, Values['paths']>> = {
  DIR: 'folders',
  FILE: 'files',
  PEM: 'files',
  JSON: 'files',
};

function describeArgument({ name, options = [] }: ArgumentMetadata): Values {
  const label = name.toUpperCase();
  return { label, words: plain(options), paths: pathsByLabel[label] ?? 'none' };
}

function wordsOf(id: string): readonly string[] {
  return id.split(':');
}

function plain(words: readonly string[]): readonly string[] {
  return [...new Set(words)].filter(isPlain).sort();
}

/** A plugin chooses the names of its runtimes. */
function isPlain(word: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(word);
}

function oneLine(text: string): string {
  return text.replace(/[\p{C}\p{Z}]+/gu, ' ').trim();
}
