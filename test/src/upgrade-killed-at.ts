import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { World } from './world.ts';

/** An upgrade in a process of its own that dies at the moment: SIGKILL, not an exception, so nothing of ours runs any more. */
export async function upgradeKilledAt(world: World, moment: string): Promise<NodeJS.Signals | null> {
  const script = join(import.meta.dirname, 'killed-upgrade.ts');
  const words = [world.profile, world.state, JSON.stringify(world.runtime), moment];
  const child = spawn(process.execPath, [script, ...words], { stdio: ['ignore', 'ignore', 'inherit'] });
  const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return signal;
}
