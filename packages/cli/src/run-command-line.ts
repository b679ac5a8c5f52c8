import type { Config } from '@oclif/core/config';
import { findVerb, isTopic } from './options/find-verb.ts';
import { unknownVerb } from './options/usage-error.ts';
import { endWithCode, endWithError } from './process/end-process.ts';
import { guardProcess } from './process/guard-process.ts';
import { type Invocation, readInvocation } from './process/invocation.ts';

/** Where this tool has what it consists of: in the folder of a package, or inside of one file. */
export interface Installation {
  readVersion(): string;
  /** Its verbs and the runtimes that it brings. */
  loadConfig(): Promise<Config>;
}

/** Runs the command line and ends the process. Only a finished verb ends it with 0. */
export async function runCommandLine(argv: readonly string[], installation: Installation): Promise<void> {
  const invocation = readInvocation(argv, installation.readVersion());
  guardProcess(invocation, process);
  try {
    await endWithCode(await answer(argv, invocation, installation), process);
  } catch (error) {
    await endWithError(error, invocation, process);
  }
}

async function answer(argv: readonly string[], invocation: Invocation, installation: Installation): Promise<number> {
  const [verb = ''] = argv;
  // Answered without oclif, which takes longer to load than everything else.
  if (verb === '--version') return showVersion(invocation);
  const config = await installation.loadConfig();
  const isHelp = asksForHelp(argv);
  const words = isHelp ? argv.filter((word) => !helpWords.has(word)) : argv;
  const found = findVerb(words, config.commandIDs);
  if (!found && !isTopic(words, config.commandIDs)) throw unknownVerb(words, config.commandIDs, config.bin);
  if (!found || isHelp) {
    const { VerbHelp } = await import('./help.ts');
    await new VerbHelp(config).showHelp([found?.id ?? words[0] ?? '', '--help']);
    return 0;
  }
  invocation.verb = found.verb;
  return config.runCommand(found.id, [...found.words], config.findCommand(found.id));
}

const helpWords: ReadonlySet<string> = new Set(['--help', '-h']);

function asksForHelp(argv: readonly string[]): boolean {
  const dashes = argv.indexOf('--');
  return (dashes === -1 ? argv : argv.slice(0, dashes)).some((word) => helpWords.has(word));
}

function showVersion({ version }: Invocation): number {
  process.stdout.write(`dangerzone-image/${version} ${process.platform}-${process.arch} node-${process.version}\n`);
  return 0;
}
