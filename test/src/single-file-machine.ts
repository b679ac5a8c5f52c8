import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Result } from './world.ts';

export const root = join(import.meta.dirname, '..', '..');
/** Where everything is, for whoever removes it. */
export const temporary = mkdtempSync(join(tmpdir(), 'dangerzone-image-single-'));
export const { version } = JSON.parse(readFileSync(join(root, 'packages', 'cli', 'package.json'), 'utf8'));
export const name = `dangerzone-image-${version}-${process.platform}-${process.arch}`;
/** The folder of the build that is tried. */
export const first = join(temporary, 'first');
const executable = process.platform === 'win32' ? `${name}.exe` : name;
export const program = join(first, executable);

/** A build takes some ten seconds and 150 MB. */
export function build(folder: string): void {
  const script = join(root, 'scripts', 'build-binary.ts');
  const { status, stderr } = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
}

/** What a release has for one platform. */
export const released = [executable, `${name}.THIRD-PARTY-NOTICES.txt`, 'SHA256SUMS'];

export interface Machine {
  readonly home: string;
  /** The current folder: nothing is in it. */
  readonly cwd: string;
  run(
    ...args: readonly string[]
  ): Promise<{ readonly code: number | null; readonly output: string; readonly json: Result }>;
}

/** A machine without Node and without any package of ours: PATH leads to an empty folder, or to the given one. */
export function machine({ bin, env = {} }: { bin?: string; env?: Readonly<Record<string, string>> } = {}): Machine {
  const folder = mkdtempSync(join(temporary, 'machine-'));
  const [home, cwd, nothing] = ['home', 'cwd', 'bin'].map((part) => join(folder, part)) as [string, string, string];
  for (const part of [home, cwd, nothing]) mkdirSync(part);
  return {
    home,
    cwd,
    async run(...args) {
      const variables = { PATH: bin ?? nothing, HOME: home, NO_COLOR: '1', ...env };
      const child = spawn(program, args, { cwd, env: variables, stdio: ['ignore', 'pipe', 'pipe'] });
      const chunks: string[] = [];
      let stdout = '';
      child.stdout.setEncoding('utf8').on('data', (text) => {
        stdout += text;
        chunks.push(text);
      });
      child.stderr.setEncoding('utf8').on('data', (text) => chunks.push(text));
      const code = await new Promise<number | null>((ended, failed) => child.on('close', ended).on('error', failed));
      return {
        code,
        output: chunks.join(''),
        get json() {
          return JSON.parse(stdout);
        },
      };
    },
  };
}
