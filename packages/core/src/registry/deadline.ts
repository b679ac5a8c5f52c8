import { CodedError } from '../errors/coded-error.ts';

/** One operation's time, from connecting to the last byte: it ends with the caller's signal or when `ms` are over. */
export interface Deadline {
  /** Its reason is what the operation fails with: the caller's own, or REGISTRY_UNREACHABLE. */
  readonly signal: AbortSignal;
  /** The operation is over: nothing is left waiting. */
  end(): void;
}

const LONGEST_TIMER = 2 ** 31 - 1;

export function startDeadline(ms: number, where: string, caller?: AbortSignal): Deadline {
  const controller = new AbortController();
  const expire = () => controller.abort(tooSlow(ms, where));
  const follow = () => controller.abort(caller?.reason);
  const timer = setTimeout(expire, Math.min(ms, LONGEST_TIMER));
  if (caller?.aborted) follow();
  caller?.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer);
      caller?.removeEventListener('abort', follow);
    },
  };
}

/** Settles as the promise does, or fails at once when the signal fires, whatever the promise is still waiting for. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function tooSlow(ms: number, where: string): CodedError {
  return new CodedError('REGISTRY_UNREACHABLE', `${where} took longer than ${Math.ceil(ms / 1000)} s in all`, {
    suggestions: ['Try again later, from a faster network, or with a longer --timeout.'],
    details: { reason: 'timeout' },
  });
}
