import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { World } from './world.ts';

export interface ArchiveLoader extends AsyncDisposable {
  /** `loaded`, or the code of the refusal. */
  load(file: string): Promise<string>;
}

/** Loads many archives into one machine, with one start of a process. */
export function startLoader({ profile, state, runtime, start }: World): ArchiveLoader {
  const script = join(import.meta.dirname, 'archive-loader.ts');
  const words = [...start.prefix, process.execPath, script, profile, state, JSON.stringify(runtime)];
  const [command = '', ...rest] = words;
  const child = spawn(command, rest, { env: { ...start.env }, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async load(file) {
      child.stdin.write(`${file}\n`);
      const { done, value } = await answers.next();
      if (done) throw new Error(`the loader has ended: ${await ended}`);
      return value;
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}
