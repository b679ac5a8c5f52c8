import { join } from 'node:path';
import type { TestRegistryOptions } from '../../packages/core/dist/testing/index.js';
import { createWorld, type Engine, type World } from '../../test/src/world.ts';
import type { Command } from './run-command.ts';

/** A publisher and a person's machine, as the end-to-end tests have them, with the command lines that are measured. */
export interface Machine extends AsyncDisposable {
  readonly world: World;
  /** The built CLI with this machine's profile, state and runtime. */
  verb(name: string, ...args: readonly string[]): Command;
  /** The built CLI with exactly these arguments. */
  cli(...args: readonly string[]): Command;
  /** Another program, in the same surroundings. */
  command(...words: readonly string[]): Command;
}

const bin = join(import.meta.dirname, '..', '..', 'packages', 'cli', 'bin', 'dangerzone-image.js');

/** The shim that a package manager puts before it (a shell script, a few ms) is not ours to measure. */
export async function createMachine(registry: TestRegistryOptions = {}, engine?: Engine): Promise<Machine> {
  const world = await createWorld(registry, engine);
  const env = { PATH: process.env.PATH, HOME: join(world.folder, 'home'), NO_COLOR: '1' };
  const command = (...words: readonly string[]): Command => ({ words, env });
  const cli = (...args: readonly string[]) => command(process.execPath, bin, ...args);
  const options = Object.entries(world.runtime.options).flatMap(([key, value]) => [
    '--runtime-option',
    `${key}=${value}`,
  ]);
  const common = ['--profile', world.profile, '--state-dir', world.state, '--json'];
  return {
    world,
    command,
    cli,
    verb: (name, ...args) => cli(name, ...common, '--runtime', world.runtime.name, ...options, ...args),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

/** The same Node with nothing to do: what no command of ours can be quicker than. */
export function bareNode({ command }: Machine): Command {
  return command(process.execPath, '-e', '0');
}
