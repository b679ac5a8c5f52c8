import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { World } from './world.ts';

/** A load in a process of its own that dies at the moment, as `upgradeKilledAt` has it. */
export async function loadKilledAt(
  { profile, state, runtime, start }: World,
  moment: string,
  file: string,
): Promise<NodeJS.Signals | null> {
  const script = join(import.meta.dirname, 'killed-load.ts');
  const words = [process.execPath, script, profile, state, JSON.stringify(runtime), moment, file];
  const [command = '', ...rest] = [...start.prefix, ...words];
  const child = spawn(command, rest, { env: { ...start.env }, stdio: ['ignore', 'ignore', 'inherit'] });
  const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return signal;
}
