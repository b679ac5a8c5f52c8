import { execFile, spawnSync } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine } from '../../test/src/world.ts';

/** Whether Podman answers here. */
export const isPodmanHere = spawnSync('podman', ['--version']).status === 0;

const storeOf = (folder: string) => ({ root: join(folder, 'root'), runroot: join(folder, 'run') });

/** Podman with a store of its own in the machine's folder: nobody's images are touched. */
export const podmanEngine: Engine = {
  name: 'podman',
  options: storeOf,
  dispose: (folder) => emptyStore(folder),
};

/** The words that make Podman use that store. */
export function podmanWords(folder: string): readonly string[] {
  const { root, runroot } = storeOf(folder);
  return ['podman', '--root', root, '--runroot', runroot];
}

/** The store as new: for the next round. */
export async function emptyStore(folder: string): Promise<void> {
  const [program = '', ...globals] = podmanWords(folder);
  await new Promise<void>((resolve) => execFile(program, [...globals, 'rmi', '--all', '--force'], () => resolve()));
  spawnSync('umount', [join(storeOf(folder).root, 'overlay')]);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
}
