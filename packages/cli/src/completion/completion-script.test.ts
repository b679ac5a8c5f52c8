import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder, writeFiles } from '../run-cli.test-support.ts';
import { described } from './command-line.test-support.ts';
import { completionScript } from './completion-script.ts';
import { describeCommandLine } from './describe-command-line.ts';
import { completionsOf, isInstalled, syntaxErrors, type TriedShell } from './run-shell.test-support.ts';

const line = describeCommandLine(described);

/** Words as typed so far, and what is offered for the last one. */
const typed: readonly [readonly string[], readonly string[]][] = [
  [[''], ['completion', 'load', 'state', 'upgrade']],
  [['st'], ['state']],
  [['nothing', ''], []],
  [['--v'], ['--version']],
  [
    ['state', ''],
    ['reset', 'show'],
  ],
  [['state', 'show', '--j'], ['--json']],
  [['state', 'show', 'x'], []],
  [['upgrade', '--r'], ['--runtime']],
  [['upgrade', '--se'], []],
  [['upgrade', '--no'], ['--no-quiet']],
  [
    ['upgrade', '--runtime', ''],
    ['new.one', 'oci-layout', 'podman'],
  ],
  [['upgrade', '-q', '--runtime', 'po'], ['podman']],
  [
    ['upgrade', '--via', ''],
    ['load', 'pull'],
  ],
  [['upgrade', '--mirror', 'https://m.example.net', '--mi'], ['--mirror']],
  [['upgrade', '--mirror', ''], []],
  [
    ['completion', ''],
    ['bash', 'zsh'],
  ],
  [['completion', 'b'], ['bash']],
  [['upgrade', '--', '--r'], []],
];

describe.each<TriedShell>(['bash', 'zsh', 'fish'])('the script for %s', (shell) => {
  const isHere = isInstalled(shell);
  // CI installs all three; elsewhere one may be missing.
  const isTried = isHere || Boolean(process.env.CI);
  if (!isTried) console.warn(`skipped: ${shell} is not installed, its completion was not tried`);
  const script = completionScript(shell, line);

  it.runIf(isTried)('is well-formed, whatever a summary holds', () => {
    expect(syntaxErrors(shell, script)).toBe('');
    expect(syntaxErrors(shell, `${script}\n((`)).not.toBe('');
  });

  it.runIf(isTried).each(typed)('completes %j to %j', (words, offered) => {
    const cwd = temporaryFolder();
    expect(completionsOf(shell, script, words, cwd)).toEqual(offered);
    expect(existsSync(join(cwd, 'run'))).toBe(false);
  });

  it.runIf(isTried)('completes files, folders and profiles', () => {
    const cwd = temporaryFolder();
    writeFiles(cwd, { 'one.json': {}, 'two.pem': '', 'folder/x': '', 'it is $(touch run).json': {} });
    const bare = (words: readonly string[]) =>
      completionsOf(shell, script, words, cwd).map((word) => word.replace(/\/$/, ''));
    expect(bare(['upgrade', '--ca-file', 't'])).toEqual(['two.pem']);
    expect(bare(['load', 't'])).toEqual(['two.pem']);
    expect(bare(['upgrade', '--state-dir', ''])).toEqual(['folder']);
    expect(bare(['upgrade', '--profile', 'd'])).toEqual(['dangerzone']);
    expect(bare(['upgrade', '--profile', 'o'])).toEqual(['one.json']);
    expect(bare(['upgrade', '--profile', 'f'])).toEqual(['folder']);
    expect(bare(['upgrade', '--profile', 'it'])).toHaveLength(1);
    expect(existsSync(join(cwd, 'run'))).toBe(false);
  });

  it.runIf(isTried)('completes a value after an equals sign', () => {
    const words = completionsOf(shell, script, ['upgrade', '--runtime=po']);
    expect(words.map((word) => word.replace('--runtime=', ''))).toEqual(['podman']);
  });
});

describe('the script for powershell', () => {
  const script = completionScript('powershell', line);

  it('is ASCII and closes every quote and bracket, whatever a summary holds', () => {
    expect(script).toMatch(/^[\x20-\x7e\n]*$/);
    const code = script
      .replace(/^#.*$/gm, '')
      .replace(/'(?:[^']|'')*'/g, '')
      .replace(/"[^"\n]*"/g, '');
    for (const [open, close] of ['()', '{}', '[]']) {
      expect(code.split(open as string).length).toBe(code.split(close as string).length);
    }
    expect(code).not.toMatch(/['"]|touch/);
  });

  it('holds every verb, option and value', () => {
    expect(script).toContain("@{ word = '--no-quiet'; tip = 'Undo --quiet.' }");
    expect(script).toContain("'--runtime' = @{ words = @('new.one', 'oci-layout', 'podman'); paths = 'none' }");
    expect(script).toContain("' state show' = @{");
    expect(script).toContain("-CommandName 'tool-name', 'tool-name.cmd', 'tool-name.ps1'");
  });
});
