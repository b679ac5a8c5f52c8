import type { EventEmitter } from 'node:events';
import { CodedError } from '@dangerzone-image/core/errors';

/** The user sees an answer within a second; what is cut off then, the next run finishes or undoes. */
const GRACE_MS = 800;

export interface InterruptionHandlers {
  /** First signal: the verb was told to stop. */
  onInterrupt(reason: CodedError): void;
  /** The verb did not stop in time, or the user asked again. */
  onDeadline(reason: CodedError): void;
}

export interface Interruption {
  readonly signal: AbortSignal;
  stop(): void;
}

/** Turns Ctrl-C and SIGTERM into an abort signal whose reason is the error to end with. */
export function listenForInterruption(process: EventEmitter, handlers: InterruptionHandlers): Interruption {
  const controller = new AbortController();
  let deadline: NodeJS.Timeout | undefined;
  const onSignal = (name: string): void => {
    const reason = interrupted(name);
    if (controller.signal.aborted) {
      handlers.onDeadline(reason);
      return;
    }
    deadline = setTimeout(() => handlers.onDeadline(reason), GRACE_MS);
    handlers.onInterrupt(reason);
    controller.abort(reason);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    stop() {
      clearTimeout(deadline);
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}

function interrupted(name: string): CodedError {
  const facts = {
    suggestions: ['Run it again: it goes on from a complete state. The image that was there still works.'],
  };
  return name === 'SIGTERM'
    ? new CodedError('TERMINATED', 'stopped by SIGTERM', facts)
    : new CodedError('INTERRUPTED', 'stopped by Ctrl-C', facts);
}
