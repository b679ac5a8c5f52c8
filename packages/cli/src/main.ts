import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
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
  // A download's buffers are young and soon gone: with a young generation that does not grow, memory stays flat.
  setFlagsFromString('--semi-space-growth-factor=1');
  return runCommandLine(argv, installedPackage);
}
