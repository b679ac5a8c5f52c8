import { isAbsolute } from 'node:path';
import { CodedError, findProgram, printable } from '@dangerzone-image/core';
import { podmanFailure } from './podman-failure.ts';
import type { PodmanCommand } from './podman-options.ts';

export interface PodmanCall {
  /** What is piped in. When it breaks off, Podman is killed before it sees the end of its input. */
  readonly input?: AsyncIterable<Uint8Array>;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; transfers have none. */
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

/** Runs Podman without a shell. Decisions rest on exit codes and JSON; what it says on stderr is only shown. */
export function podmanRunner({ program, globals }: PodmanCommand): RunPodman {
  return async (args, call = {}) => {
    // By its full path: given a bare name, the system would take PATH's word for it, the current folder included.
    const path = isAbsolute(program) ? program : await findProgram(program);
    if (path === undefined) throw podmanFailure(program, args, { code: 'ENOENT' });
    const { execa } = await import('execa'); // only who uses Podman pays for it
    const { input, env, signal, timeoutMs = input ? 0 : DEFAULT_TIMEOUT_MS, answers = [0] } = call;
    const child = execa(path, [...globals, ...args], {
      reject: false,
      preferLocal: false,
      stdin: input ? 'pipe' : 'ignore',
      maxBuffer: MAX_OUTPUT_BYTES,
      timeout: timeoutMs,
      ...(env && { env }),
      ...(signal && { cancelSignal: signal }),
    });
    const fed = input && child.stdin ? await feed(child.stdin, input, () => child.kill('SIGKILL')) : undefined;
    const result = await child;
    if (fed?.broken) throw fed.broken.error;
    signal?.throwIfAborted();
    if (result.isMaxBuffer)
      throw new CodedError('RUNTIME_FAILED', `${program} wrote more than ${MAX_OUTPUT_BYTES} bytes`);
    if (result.timedOut) throw notAnswering(program, timeoutMs);
    if (result.exitCode === undefined || !answers.includes(result.exitCode)) throw podmanFailure(program, args, result);
    // Only what was read to its end was verified to its end.
    if (fed && !fed.isWhole)
      throw new CodedError('RUNTIME_FAILED', `${printable(program)} did not read all of its input`);
    return { exitCode: result.exitCode, stdout: result.stdout };
  };
}

/** How the input ended: broken off by an error of its own, or all of it taken by the program, or neither. */
async function feed(
  stdin: NodeJS.WritableStream & { readonly destroyed?: boolean },
  input: AsyncIterable<Uint8Array>,
  kill: () => void,
): Promise<{ readonly broken?: { readonly error: unknown }; readonly isWhole: boolean }> {
  const { pipeline } = await import('node:stream/promises');
  let broken: { error: unknown } | undefined;
  const watched = async function* () {
    try {
      yield* input;
    } catch (error) {
      broken = { error };
      kill();
      throw error;
    }
  };
  const isWhole = await pipeline(watched, stdin).then(
    () => true,
    () => false, // told by the program's own exit code, where it has one to tell
  );
  return { isWhole, ...(broken && { broken }) };
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
