import { bashScript } from './bash-script.ts';
import type { CommandLine } from './command-line.ts';
import { fishScript } from './fish-script.ts';
import { powershellScript } from './powershell-script.ts';
import { zshScript } from './zsh-script.ts';

export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;

export type Shell = (typeof shells)[number];

const writers = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
  powershell: powershellScript,
} satisfies Record<Shell, (line: CommandLine) => string>;

export function completionScript(shell: Shell, line: CommandLine): string {
  return writers[shell](line);
}
