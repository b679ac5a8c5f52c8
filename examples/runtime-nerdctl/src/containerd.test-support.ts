import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** What of a real nerdctl is missing here: no distribution that CI runs on brings it, so its absence fails nothing. */
const missing = ['nerdctl', 'containerd'].filter((program) => spawnSync(program, ['--version']).status !== 0);
if (process.getuid?.() !== 0) missing.push('root, to start a containerd');
export const isNerdctlHere = missing.length === 0;
if (!isNerdctlHere) console.warn(`skipped: tests of nerdctl need ${missing.join(' and ')}`);

export interface Containerd {
  readonly address: string;
  nerdctl(...words: readonly string[]): Promise<{ readonly failed: boolean; readonly stdout: string }>;
  stop(): Promise<void>;
}

const DEADLINE_MS = 20_000;

/** A containerd with a folder of its own, so that nothing is done to the images of whoever runs the tests. */
export async function startContainerd(): Promise<Containerd> {
  const folder = await mkdtemp(join(tmpdir(), 'dangerzone-image-containerd-'));
  const address = join(folder, 'containerd.sock');
  const config = { root: join(folder, 'root'), state: join(folder, 'state') };
  const lines = [
    'version = 2',
    'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
    ...Object.entries(config).map(([key, value]) => `${key} = ${JSON.stringify(value)}`),
    '[grpc]',
    `address = ${JSON.stringify(address)}`,
  ];
  await writeFile(join(folder, 'config.toml'), lines.join('\n'));
  const child = spawn('containerd', ['--config', join(folder, 'config.toml')], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()).on('error', () => resolve()));
  const nerdctl: Containerd['nerdctl'] = (...words) =>
    new Promise((resolve) => {
      const flags = [`--address=${address}`, `--data-root=${join(folder, 'nerdctl')}`];
      execFile('nerdctl', [...flags, ...words], (error, stdout) => resolve({ failed: error !== null, stdout }));
    });
  const stop = async () => {
    child.kill();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  for (const start = Date.now(); (await nerdctl('info')).failed; await pause(50)) {
    if (Date.now() - start < DEADLINE_MS && child.exitCode === null) continue;
    await stop();
    throw new Error('containerd does not answer');
  }
  return { address, nerdctl, stop };
}
