import { isAbsolute } from 'node:path';
import { CodedError, findProgram, printable } from '@dangerzone-image/core';
import { podmanFailure } from './podman-failure.ts';
import type { PodmanCommand } from './podman-options.ts';

export interface PodmanReading {
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** How long Podman may write nothing while somebody waits for it, ms. */
  readonly stallMs?: number;
}

/** What Podman writes to stdout, as it comes. It throws at the end unless Podman ends well: until then nothing is whole. */
export type ReadPodman = (args: readonly string[], reading?: PodmanReading) => AsyncIterable<Uint8Array>;

/** Putting a large layer together on a slow disk takes minutes in which Podman writes nothing. */
const DEFAULT_STALL_MS = 30 * 60_000;
const MAX_SAID_BYTES = 1024 * 1024;
const KILL_AFTER_MS = 300;

/** Runs Podman without a shell. Who stops reading, by a signal or an error, ends it. */
export function podmanReader({ program, globals, env: own }: PodmanCommand): ReadPodman {
  return async function* (args, { env, signal, stallMs = DEFAULT_STALL_MS } = {}) {
    const path = isAbsolute(program) ? program : await findProgram(program);
    if (path === undefined) throw podmanFailure(program, args, { code: 'ENOENT' });
    const { execa } = await import('execa');
    const child = execa(path, [...globals, ...args], {
      reject: false,
      preferLocal: false,
      stdin: 'ignore',
      buffer: { stdout: false },
      maxBuffer: MAX_SAID_BYTES,
      encoding: 'buffer',
      forceKillAfterDelay: KILL_AFTER_MS,
      env: { ...own, ...env },
      ...(signal && { cancelSignal: signal }),
    });
    let isStalled = false;
    let timer: NodeJS.Timeout | undefined;
    const expect = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        isStalled = true;
        child.kill('SIGKILL');
      }, stallMs);
    };
    let isAbandoned = true;
    try {
      expect();
      for await (const chunk of child.stdout) {
        clearTimeout(timer);
        yield chunk;
        expect();
      }
      isAbandoned = false;
    } catch {
      isAbandoned = false; // a pipe breaks off when Podman is ended: how it ended is told below
    } finally {
      if (isAbandoned) child.kill('SIGKILL');
      await child;
      clearTimeout(timer);
    }
    const result = await child;
    signal?.throwIfAborted();
    if (isStalled)
      throw new CodedError('RUNTIME_UNAVAILABLE', `${printable(program)} wrote nothing for ${stallMs / 1000} seconds`, {
        suggestions: ['See whether `podman info` answers in a terminal, and restart Podman if it does not.'],
      });
    if (result.exitCode === 0) return;
    throw podmanFailure(program, args, { ...result, stderr: Buffer.from(result.stderr).toString() });
  };
}
