import type { EventEmitter } from 'node:events';
import { CodedError } from '@dangerzone-image/core/errors';
import { type EndableProcess, endWithError } from './end-process.ts';
import type { Invocation } from './invocation.ts';

type GuardedProcess = EventEmitter & EndableProcess & { readonly stdout: EventEmitter; readonly stderr: EventEmitter };

/**
 * Whatever goes wrong outside a verb ends the process with an error: an exception that nobody caught, a promise that
 * nobody awaited, an event loop that ran dry before the verb had an answer. Only a finished verb may end it with 0.
 */
export function guardProcess(invocation: Invocation, process: GuardedProcess): void {
  let isEnding = false;
  const end = (error: unknown): void => {
    // What fails while the failure is being told cannot be told any more.
    if (isEnding) process.exit(1);
    isEnding = true;
    void endWithError(error, invocation, process);
  };
  process.exitCode = 1;
  process.on('uncaughtException', end);
  process.once('beforeExit', () => end(new Error('the run ended without a result')));
  // `| head` closes the pipe when it has seen enough: not an error, and no change to how the verb ends.
  process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EPIPE') end(unwritable(cause));
  });
  process.stderr.on('error', () => {});
}

function unwritable(cause: NodeJS.ErrnoException): CodedError {
  return new CodedError('INTERNAL', `the result could not be written to stdout (${cause.code})`, {
    suggestions: ['Look at where the output goes: a full disk, most likely.'],
    cause,
  });
}
