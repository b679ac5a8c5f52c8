import type { ChildProcess } from 'node:child_process';
import { expect } from 'vitest';
import type { Outcome, RunOptions } from './world.ts';

/**
 * A second is the promise, and the CLI's own tests hold it by a clock of theirs. Here a machine that does other things
 * has its time: all that a run waits for in these tests would end by itself after thirty seconds, or never.
 */
const LONG_BEFORE_A_TIMEOUT_MS = 10_000;

/** Presses Ctrl-C on a run when it is time, and sees that it answers. */
export async function interrupted(
  run: (options: RunOptions) => Promise<Outcome>,
  isTime: () => Promise<unknown>,
): Promise<void> {
  const { promise: started, resolve: onStart } = Promise.withResolvers<ChildProcess>();
  const running = run({ onStart });
  const child = await started;
  await isTime();
  const before = performance.now();
  child.kill('SIGINT');
  expect(await running).toMatchObject({ code: 130, json: { error: { code: 'INTERRUPTED' } } });
  expect(performance.now() - before).toBeLessThan(LONG_BEFORE_A_TIMEOUT_MS);
}
