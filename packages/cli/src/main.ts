import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Installation, runCommandLine } from './run-command-line.ts';

/** This tool as a package, with its adapters installed beside it. */
const installedPackage: Installation = {
  readVersion() {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    return version;
  },
  async loadConfig() {
    const { loadConfig } = await import('./load-config.ts');
    return loadConfig(fileURLToPath(new URL('..', import.meta.url)));
  },
};

export function main(argv: readonly string[]): Promise<void> {
  return runCommandLine(argv, installedPackage);
}
