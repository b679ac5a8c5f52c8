import { type Installation, runCommandLine } from '../run-command-line.ts';
import type { Contents } from './contents.ts';

/** The command line where everything is in one file: nothing of it is looked for in any folder. */
export function runSingleFile(argv: readonly string[], contents: Contents): Promise<void> {
  const installation: Installation = {
    readVersion: () => contents.package.version,
    async loadConfig() {
      const { loadPackedConfig } = await import('./load-packed-config.ts');
      return loadPackedConfig(contents);
    },
  };
  return runCommandLine(argv, installation);
}
