import { execFile, spawnSync } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine } from '../../test/src/world.ts';
import type { Machine } from './machine.ts';
import { runCommand } from './run-command.ts';

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

/** Which verbs of Podman a verb of ours runs, in order: told by a program in Podman's place that writes them down. */
export async function listPodmanCalls(machine: Machine, ...verb: readonly [string, ...string[]]): Promise<string[]> {
  const { folder, layout } = machine.world;
  const [log, program] = [join(folder, 'calls'), join(folder, 'podman')];
  const script = [
    '#!/bin/sh',
    `for word do case $word in -*) ;; *) echo "$word" >> '${log}'; break;; esac; done`,
    `exec ${podmanWords(layout)[0]} "$@"`,
  ];
  await writeFile(program, `${script.join('\n')}\n`, { mode: 0o755 });
  await runCommand(machine.verb(...verb, '--runtime-option', `command=${program}`));
  return (await readFile(log, 'utf8')).trim().split('\n');
}
