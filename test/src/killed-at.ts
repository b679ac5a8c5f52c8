import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { World } from './world.ts';

/** The verb in a process of its own that dies at the moment: SIGKILL, not an exception, so nothing of ours runs any more. */
export async function killedAt(
  { profile, state, runtime, start }: World,
  moment: string,
  words: readonly string[],
): Promise<NodeJS.Signals | null> {
  const order = JSON.stringify({ profile, state, runtime, words, moment });
  const [command = '', ...rest] = [
    ...start.prefix,
    process.execPath,
    join(import.meta.dirname, 'killed-verb.ts'),
    order,
  ];
  const child = spawn(command, rest, { env: { ...start.env }, stdio: ['ignore', 'ignore', 'inherit'] });
  const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return signal;
}
