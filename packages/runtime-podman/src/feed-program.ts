import type { Writable } from 'node:stream';

export interface Feeding {
  readonly child: PromiseLike<unknown> & { kill(signal: 'SIGKILL'): unknown };
  readonly stdin: Writable;
  readonly input: AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal | undefined;
  /** How long the program may take nothing while there is something for it. */
  readonly stallMs: number;
}

/** How the input ended: broken off by an error of its own, or all of it taken by the program, or neither. */
export interface Fed {
  readonly broken?: { readonly error: unknown };
  readonly isWhole: boolean;
  readonly isStalled: boolean;
}

/**
 * Pipes the input in until it ends or breaks off, the program ends, or the signal says stop; a source that is waiting
 * for its next byte then holds nobody up. The program gets the end of its input only after the last byte of it.
 */
export async function feedProgram({ child, stdin, input, signal, stallMs }: Feeding): Promise<Fed> {
  const { pipeline } = await import('node:stream/promises');
  const ended = new AbortController();
  const exit = child.then(() => ended.abort());
  const stop = signal ? AbortSignal.any([signal, ended.signal]) : ended.signal;
  let broken: { error: unknown } | undefined;
  let isStalled = false;
  let timer: NodeJS.Timeout | undefined;
  const expect = () => {
    timer = setTimeout(() => {
      isStalled = true;
      child.kill('SIGKILL');
    }, stallMs);
  };
  const watched = async function* () {
    try {
      for await (const chunk of untilStopped(input, stop)) {
        expect();
        yield chunk;
        clearTimeout(timer);
      }
    } catch (error) {
      if (!stop.aborted) broken = { error };
      child.kill('SIGKILL');
      throw error;
    } finally {
      clearTimeout(timer);
    }
    expect(); // it has all of it now, and works on it
  };
  const isWhole = await pipeline(watched, stdin).then(
    () => true,
    () => false, // told by the program's own exit code, where it has one to tell
  );
  await exit;
  clearTimeout(timer);
  return { isWhole, isStalled, ...(broken && { broken }) };
}

/** The same chunks; a stop ends the wait for the next one, which nobody waits for then. */
async function* untilStopped(input: AsyncIterable<Uint8Array>, stop: AbortSignal): AsyncGenerator<Uint8Array> {
  const iterator = input[Symbol.asyncIterator]();
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  stopped.catch(() => undefined);
  const onStop = () => reject(stop.reason);
  stop.addEventListener('abort', onStop, { once: true });
  if (stop.aborted) onStop();
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), stopped]);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    stop.removeEventListener('abort', onStop);
    // Of no interest any more, and it may never settle.
    iterator.return?.().catch(() => undefined);
  }
}
