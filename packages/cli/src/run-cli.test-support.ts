import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

export const bin = fileURLToPath(new URL('../bin/dangerzone-image.js', import.meta.url));

/** Controls, format characters and lone surrogates, separators of lines: all but the line break that ends a line. */
export const steersTerminal = /[^\P{C}\n]|[\p{Zl}\p{Zp}]/u;

export interface CliRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliSurroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly nodeOptions?: readonly string[];
  readonly script?: string;
  /** What is piped in; nothing at all where left out. */
  readonly input?: string;
}

/** The built program, as a user starts it, in an environment of its own: on this machine no engine is installed. */
export function startCli(
  args: readonly string[],
  { env, cwd, nodeOptions = [], script = bin, input }: CliSurroundings = {},
): ChildProcess {
  const home = temporaryFolder();
  const child = spawn(process.execPath, [...nodeOptions, script, ...args], {
    cwd: cwd ?? home,
    env: { PATH: home, HOME: home, SystemRoot: process.env.SystemRoot, ...env },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.end(input);
  return child;
}

export async function runCli(args: readonly string[], surroundings?: CliSurroundings): Promise<CliRun> {
  return finished(startCli(args, surroundings));
}

export async function finished(child: ChildProcess): Promise<CliRun> {
  const text = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => (text.stdout += chunk));
  child.stderr?.on('data', (chunk: Buffer) => (text.stderr += chunk));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, ...text };
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Goes when all tests of the file have ended. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dangerzone-image-cli-'));
  folders.push(folder);
  return folder;
}

/** Writes files by their path below `folder`; what is no text becomes JSON. */
export function writeFiles(folder: string, files: Readonly<Record<string, unknown>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });
  }
}
