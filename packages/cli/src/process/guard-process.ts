import type { EventEmitter } from 'node:events';
import { type EndableProcess, endWithError } from './end-process.ts';
import type { Invocation } from './invocation.ts';

type GuardedProcess = EventEmitter & EndableProcess & { readonly stdout: EventEmitter; readonly stderr: EventEmitter };

/**
 * Whatever goes wrong outside a verb ends the process with an error: an exception that nobody caught, a promise that
 * nobody awaited, an event loop that ran dry before the verb had an answer. Only a finished verb may end it with 0.
 */
export function guardProcess(invocation: Invocation, process: GuardedProcess): void {
  process.exitCode = 1;
  process.on('uncaughtException', (error) => endWithError(error, invocation, process));
  process.once('beforeExit', () => endWithError(new Error('the run ended without a result'), invocation, process));
  // `| head` closes the pipe when it has seen enough: not an error, and no change to how the verb ends.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  process.stderr.on('error', () => {});
}
