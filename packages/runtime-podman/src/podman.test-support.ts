import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether a real Podman answers here. Where none does, CI fails and everybody else is told why tests are skipped. */
export const isPodmanHere = spawnSync('podman', ['--version']).status === 0;
if (!isPodmanHere) {
  if (process.env.CI) throw new Error('CI must test against a real Podman, and none answers: apt-get install podman');
  console.warn('skipped: no Podman answers here (podman --version)');
}

export interface PodmanStore {
  readonly options: { readonly root: string; readonly runroot: string };
  /** Never blocks: the registry that it may ask lives in this process. */
  podman(...args: readonly string[]): Promise<{ readonly failed: boolean; readonly stdout: string }>;
  dispose(): Promise<void>;
}

/** A store of its own, so that nothing is ever done to the images of whoever runs the tests. */
export async function createStore(): Promise<PodmanStore> {
  const folder = await mkdtemp(join(tmpdir(), 'dangerzone-image-podman-'));
  const options = { root: join(folder, 'root'), runroot: join(folder, 'run') };
  const podman: PodmanStore['podman'] = (...args) =>
    new Promise((resolve) => {
      const words = ['--root', options.root, '--runroot', options.runroot, ...args];
      execFile('podman', words, (error, stdout) => resolve({ failed: error !== null, stdout }));
    });
  return {
    options,
    podman,
    async dispose() {
      await podman('rm', '--all', '--force');
      await podman('rmi', '--all', '--force');
      spawnSync('umount', [join(options.root, 'overlay')]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
