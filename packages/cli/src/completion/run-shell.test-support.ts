import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { temporaryFolder, writeFiles } from '../run-cli.test-support.ts';
import type { Shell } from './completion-script.ts';

export type TriedShell = Exclude<Shell, 'powershell'>;

export function isInstalled(shell: TriedShell): boolean {
  return spawnSync(shell, ['--version']).status === 0;
}

/** What the shell says of the script without running it; nothing where it is well-formed. */
export function syntaxErrors(shell: TriedShell, script: string): string {
  const { status, stderr } = run(shell, ['-n', written(script)], temporaryFolder());
  return status === 0 ? '' : `${status} ${stderr}`;
}

/** What the shell itself offers for the last word, having read the script. */
export function completionsOf(
  shell: TriedShell,
  script: string,
  words: readonly string[],
  cwd: string = temporaryFolder(),
): readonly string[] {
  const { status, stdout, stderr } = ask[shell](written(script), words, cwd);
  if (status !== 0 || stderr !== '') throw new Error(`${shell} ended with ${status}: ${stderr}`);
  return [
    ...new Set(
      stdout
        .split('\n')
        .map(withoutSummary)
        .filter((word) => word !== ''),
    ),
  ].sort();
}

/** Fish puts it behind a tab. */
function withoutSummary(line: string): string {
  return line.split('\t', 1)[0] ?? '';
}

const ask = { bash: askBash, zsh: askZsh, fish: askFish } satisfies Record<TriedShell, unknown>;

const bashDriver = `set -u
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_tool_name
printf '%s\\n' \${COMPREPLY[@]+"\${COMPREPLY[@]}"}`;

function askBash(script: string, words: readonly string[], cwd: string) {
  // As readline cuts them: "=" is a word of its own.
  const cut = words.flatMap((word) =>
    word.startsWith('--') ? word.split(/(=)/).filter((part) => part !== '') : [word],
  );
  return run('bash', ['--norc', '--noprofile', '-c', bashDriver, 'bash', script, 'tool-name', ...cut], cwd);
}

function askFish(script: string, words: readonly string[], cwd: string) {
  const driver = 'source $argv[1]; complete -C $argv[2]';
  const line = ['tool-name', ...words].join(' ');
  return run('fish', ['--no-config', '-c', driver, script, line], cwd);
}

/** Zsh completes at a terminal only: it gets one, types the line and TAB into it, and writes down what would be offered. */
const zshStartFile = `PROMPT=''
autoload -Uz compinit
compinit -C -d $DUMP
setopt extended_glob
source $SCRIPT
compadd() {
  # Asked by a completion function for itself, nothing is offered.
  if [[ " \${(j: :)@[1,(i)(-|--)]} " == *\\ -[a-zA-Z]#[OAD]\\ * ]]; then builtin compadd "$@"; return $?; fi
  local -a offered
  builtin compadd -A offered "$@"
  print -rl -- $offered >> $OFFERED
  builtin compadd "$@"
}
finish() { exit }
zle -N finish
bindkey '^I' list-choices
bindkey '^X' finish
zle-line-init() { print READY }
zle -N zle-line-init
`;

const zshDriver = `zmodload zsh/zpty
zpty typed zsh -d -i
zpty -r typed heard '*READY*'
zpty -w -n typed "$1"$'\\t\\x18'
while zpty -r typed heard; do :; done
[[ ! -e $OFFERED ]] || cat $OFFERED`;

/** Zsh's list of its own functions takes a second to make. */
const zshCache = temporaryFolder();

function askZsh(script: string, words: readonly string[], cwd: string) {
  const home = temporaryFolder();
  writeFiles(home, { '.zshrc': zshStartFile });
  const line = ['tool-name', ...words].join(' ');
  return run('zsh', ['-f', '-c', zshDriver, 'zsh', line], cwd, {
    ZDOTDIR: home,
    SCRIPT: script,
    DUMP: join(zshCache, 'dump'),
    OFFERED: join(home, 'offered'),
    TERM: 'dumb',
  });
}

function run(command: string, args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}) {
  const { PATH = '' } = process.env;
  const options = {
    cwd,
    env: { PATH, HOME: temporaryFolder(), LC_ALL: 'C.UTF-8', ...env },
    encoding: 'utf8',
    timeout: 60_000,
  };
  return spawnSync(command, args, options as typeof options & { encoding: 'utf8' });
}

function written(script: string): string {
  const folder = temporaryFolder();
  writeFiles(folder, { script });
  return join(folder, 'script');
}
