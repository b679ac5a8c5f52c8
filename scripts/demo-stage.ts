import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Shows each command, runs it for real, and insists on its exit code. */
export function createStage(folder: string) {
  const cli = join(import.meta.dirname, '..', 'packages', 'cli', 'bin', 'dangerzone-image.js');
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    ...(process.env.NO_COLOR !== undefined && { NO_COLOR: '1' }),
  };
  const unexpected: string[] = [];
  let commands = 0;

  return {
    say(text: string): void {
      console.log(`\n── ${text}\n`);
    },
    async run(args: readonly string[], expected: number): Promise<void> {
      console.log(`$ dangerzone-image ${args.join(' ')}`);
      const child = spawn(process.execPath, [cli, ...args], {
        cwd: folder,
        env,
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      const [code] = (await once(child, 'close')) as [number | null];
      commands += 1;
      console.log(code === 0 ? '' : `(exit code ${code})\n`);
      if (code !== expected) unexpected.push(`expected exit code ${expected}, got ${code}: ${args.join(' ')}`);
    },
    end(next: readonly string[]): void {
      if (unexpected.length > 0) {
        console.error(unexpected.join('\n'));
        process.exitCode = 1;
        return;
      }
      console.log(
        `── All ${commands} commands did what they should: the good ones passed, the bad ones were refused. Try next:\n`,
      );
      for (const line of next) console.log(`   ${line}`);
    },
  };
}
