// The packages that are published, and how each is made into the file that npm would get.
import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..');
const pnpm = join(root, 'node_modules', 'pnpm', 'bin', 'pnpm.mjs');

/** Folders of the packages that are no one's private matter. */
export function publishedFolders(): readonly string[] {
  const files = globSync('packages/*/package.json', { cwd: root })
    .sort()
    .map((file) => join(root, file));
  return files.filter((file) => JSON.parse(readFileSync(file, 'utf8')).private !== true).map(dirname);
}

/** Packs what is built, by pnpm, which writes real versions in place of `workspace:*`. Gives the tarball's path. */
export async function packPackage(folder: string, destination: string): Promise<string> {
  const args = [pnpm, 'pack', '--json', '--pack-destination', destination];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, maxBuffer: 2 ** 24 });
  return JSON.parse(stdout).filename;
}
