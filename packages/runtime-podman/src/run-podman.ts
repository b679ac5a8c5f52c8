import { isAbsolute } from 'node:path';
import { CodedError, findProgram, printable } from '@dangerzone-image/core';
import { feedProgram } from './feed-program.ts';
import { podmanFailure } from './podman-failure.ts';
import type { PodmanCommand } from './podman-options.ts';

export interface PodmanCall {
  /** What is piped in. When it breaks off, Podman is killed before it sees the end of its input. */
  readonly input?: AsyncIterable<Uint8Array>;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly signal?: AbortSignal | undefined;
  /** For the whole call, ms; with input only the time counts in which Podman is waited for. */
  readonly timeoutMs?: number;
  /** Exit codes that are an answer and no failure. */
  readonly answers?: readonly number[];
}

export interface PodmanAnswer {
  readonly exitCode: number;
  readonly stdout: string;
}

export type RunPodman = (args: readonly string[], call?: PodmanCall) => Promise<PodmanAnswer>;

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const DEFAULT_TIMEOUT_MS = 60_000;
/** Unpacking a large layer on a slow disk takes minutes in which Podman reads nothing. */
const DEFAULT_STALL_MS = 30 * 60_000;
/** Told to stop, Podman gets this long: the user gets an answer within a second. */
const KILL_AFTER_MS = 300;

/** Runs Podman without a shell. Decisions rest on exit codes and JSON; what it says on stderr is only shown. */
export function podmanRunner({ program, globals, env: own }: PodmanCommand): RunPodman {
  return async (args, call = {}) => {
    // By its full path: given a bare name, the system would take PATH's word for it, the current folder included.
    const path = isAbsolute(program) ? program : await findProgram(program);
    if (path === undefined) throw podmanFailure(program, args, { code: 'ENOENT' });
    const { execa } = await import('execa'); // only who uses Podman pays for it
    const { input, env, cwd, signal, answers = [0] } = call;
    const timeoutMs = call.timeoutMs ?? (input ? DEFAULT_STALL_MS : DEFAULT_TIMEOUT_MS);
    const child = execa(path, [...globals, ...args], {
      reject: false,
      preferLocal: false,
      stdin: input ? 'pipe' : 'ignore',
      maxBuffer: MAX_OUTPUT_BYTES,
      timeout: input ? 0 : timeoutMs,
      forceKillAfterDelay: KILL_AFTER_MS,
      env: { ...own, ...env },
      ...(cwd !== undefined && { cwd }),
      ...(signal && { cancelSignal: signal }),
    });
    const fed =
      input && child.stdin
        ? await feedProgram({ child, stdin: child.stdin, input, signal, stallMs: timeoutMs })
        : undefined;
    const result = await child;
    signal?.throwIfAborted();
    if (fed?.broken) throw fed.broken.error;
    if (result.isMaxBuffer)
      throw new CodedError('RUNTIME_FAILED', `${program} wrote more than ${MAX_OUTPUT_BYTES} bytes`);
    if (result.timedOut || fed?.isStalled) throw notAnswering(program, timeoutMs);
    if (result.exitCode === undefined || !answers.includes(result.exitCode)) throw podmanFailure(program, args, result);
    // Only what was read to its end was verified to its end.
    if (fed && !fed.isWhole)
      throw new CodedError('RUNTIME_FAILED', `${printable(program)} did not read all of its input`);
    return { exitCode: result.exitCode, stdout: result.stdout };
  };
}

function notAnswering(program: string, timeoutMs: number): CodedError {
  return new CodedError(
    'RUNTIME_UNAVAILABLE',
    `${printable(program)} did not answer within ${timeoutMs / 1000} seconds`,
    {
      suggestions: ['See whether `podman info` answers in a terminal, and restart Podman if it does not.'],
    },
  );
}
