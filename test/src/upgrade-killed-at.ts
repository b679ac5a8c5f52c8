import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { World } from './world.ts';

/** An upgrade in a process of its own that dies at the moment: SIGKILL, not an exception, so nothing of ours runs any more. */
export async function upgradeKilledAt(
  { profile, state, runtime, start }: World,
  moment: string,
  via = 'load',
): Promise<NodeJS.Signals | null> {
  const script = join(import.meta.dirname, 'killed-upgrade.ts');
  const words = [process.execPath, script, profile, state, JSON.stringify(runtime), moment, via];
  const [command = '', ...rest] = [...start.prefix, ...words];
  const child = spawn(command, rest, { env: { ...start.env }, stdio: ['ignore', 'ignore', 'inherit'] });
  const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return signal;
}
