import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

export interface Command {
  readonly words: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A file put on standard input. */
  readonly input?: string;
}

export interface Ran {
  /** From before the process was made until it and its output had ended. */
  readonly ms: number;
  /** Nothing where the system does not tell. */
  readonly peakBytes: number | undefined;
  readonly stdout: string;
}

/** Runs a command to its end; one that ends otherwise than with 0 was not measured, and throws. */
export async function runCommand({ words, env, input }: Command, { watchMemory = false } = {}): Promise<Ran> {
  const [program = '', ...args] = words;
  const stdin = input === undefined ? 'ignore' : openSync(input, 'r');
  const begin = performance.now();
  const child = spawn(program, args, { env: { ...env }, stdio: [stdin, 'pipe', 'pipe'] }) as ChildProcessByStdio<
    null,
    Readable,
    Readable
  >;
  const peak = watchMemory ? watchPeak(child.pid) : undefined;
  try {
    const ended = once(child, 'close');
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    const ms = performance.now() - begin;
    if (code !== 0) throw new Error(`exit code ${code}: ${words.join(' ')}\n${(stderr || stdout).slice(-2000)}`);
    return { ms, peakBytes: peak?.end(), stdout };
  } finally {
    peak?.end();
    if (typeof stdin === 'number') closeSync(stdin);
  }
}

const LOOK_EVERY_MS = 5;

/**
 * The kernel's own high-water mark of a process (proc(5), VmHWM), read until it is gone. It only rises, so what is
 * missed is what came in the last few milliseconds. What a parent learns from wait4(2) would count its own memory too,
 * which the child had until it became the other program.
 */
function watchPeak(pid: number | undefined): { end(): number | undefined } {
  let highest: number | undefined;
  const look = () => {
    try {
      const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
      if (kibibytes !== undefined) highest = Math.max(highest ?? 0, Number(kibibytes) * 1024);
    } catch {
      // gone, or a system without /proc
    }
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    end() {
      clearInterval(timer);
      return highest;
    },
  };
}
