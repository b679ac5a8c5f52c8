import { execFile, spawnSync } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildTestImage, type TestImage } from '@dangerzone-image/core/testing';
import { staticProgram } from './static-program.ts';
import type { Engine, World } from './world.ts';

/** A real Podman, as root or as another user, with a store and a program in the world's own folder. */
export interface PodmanEngine extends Engine {
  readonly title: string;
  /** The engine’s own words, past everything of ours. */
  podman(layout: string, ...args: readonly string[]): Promise<{ readonly failed: boolean; readonly stdout: string }>;
}

const NOBODY = 65534;
const asNobody = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];

const storeOf = (layout: string) => ({ root: join(layout, 'root'), runroot: join(layout, 'run') });
const programOf = (layout: string) => join(layout, 'podman');

/**
 * Podman, and what may happen to us while it works: `<when> <verb>` in the file beside it. `before`: we are killed and
 * Podman does nothing; `during`: it goes on without us; `after`: it has done it; `hang`: it says nothing any more.
 */
const PROGRAM = `#!/bin/sh
verb=
for word; do case $word in -*) ;; *) verb=$word; break;; esac; done
case "$(cat "$0.moment" 2>/dev/null)" in
"before $verb") kill -9 $PPID; exit 1;;
"during $verb") kill -9 $PPID; podman "$@"; : > "$0.done"; exit;;
"after $verb") podman "$@"; kill -9 $PPID; exit;;
"hang $verb") echo $$ > "$0.hung"; exec sleep 600;;
esac
exec podman "$@"
`;

/** The CLI's next run dies, or hangs, at this moment of Podman's work; none where it is left out. */
export async function setMoment({ layout }: World, moment?: string): Promise<void> {
  const file = `${programOf(layout)}.moment`;
  await rm(file, { force: true });
  if (moment !== undefined) await writeFile(file, moment, { mode: 0o644 });
}

function podmanEngine(title: string, facts: Pick<Engine, 'prefix'> & { readonly owner?: number }): PodmanEngine {
  const { prefix = [], owner } = facts;
  const env = (folder: string) => ({
    TMPDIR: join(folder, 'spool'),
    ...(owner !== undefined && { XDG_RUNTIME_DIR: join(folder, 'run') }),
  });
  const podman: PodmanEngine['podman'] = (layout, ...args) =>
    new Promise((resolve) => {
      const { root, runroot } = storeOf(layout);
      const [command = '', ...words] = [...prefix, 'podman', '--root', root, '--runroot', runroot, ...args];
      const folder = join(layout, '..');
      const own = { PATH: process.env.PATH, HOME: join(folder, 'home'), ...env(folder) };
      execFile(command, words, { cwd: '/', env: own }, (error, stdout) => resolve({ failed: error !== null, stdout }));
    });
  return {
    title,
    name: 'podman',
    prefix,
    env,
    podman,
    options: (layout) => ({ command: programOf(layout), ...storeOf(layout) }),
    async prepare(folder) {
      const layout = join(folder, 'images');
      for (const path of [layout, join(folder, 'run')]) await mkdir(path, { mode: 0o700 });
      await writeFile(programOf(layout), PROGRAM);
      await chmod(programOf(layout), 0o755);
      if (owner === undefined) return;
      const files = await readdir(folder, { recursive: true });
      for (const path of [folder, ...files.map((file) => join(folder, file))]) await chown(path, owner, owner);
    },
    async dispose(layout) {
      await podman(layout, 'rm', '--all', '--force');
      await podman(layout, 'rmi', '--all', '--force');
      spawnSync('umount', [join(storeOf(layout).root, 'overlay')]);
    },
  };
}

const rootful = podmanEngine('root', {});
const rootless = podmanEngine('another user, rootless', { prefix: asNobody, owner: NOBODY });

/** Why Podman cannot run as another user here, in its own words; undefined where it can. */
async function whyNotRootless(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root can become another user';
  const folder = await mkdtemp(join(tmpdir(), 'dangerzone-image-rootless-'));
  for (const name of ['home', 'spool']) await mkdir(join(folder, name));
  await rootless.prepare?.(folder);
  const readable = spawnSync(asNobody[0] ?? '', [
    ...asNobody.slice(1),
    process.execPath,
    '--check',
    import.meta.filename,
  ]);
  const { failed } = await rootless.podman(join(folder, 'images'), 'info');
  await rootless.dispose?.(join(folder, 'images'));
  await rm(folder, { recursive: true, force: true });
  if (readable.status !== 0) return 'another user may not read this folder';
  return failed ? 'rootless Podman does not work (podman info, as another user)' : undefined;
}

async function findEngines(): Promise<PodmanEngine[]> {
  if (spawnSync('podman', ['--version']).status !== 0) {
    if (process.env.CI) throw new Error('CI must test against a real Podman, and none answers: apt-get install podman');
    console.warn('skipped: no Podman answers here (podman --version)');
    return [];
  }
  const reason = await whyNotRootless();
  if (reason === undefined) return [rootful, rootless];
  console.warn(`skipped: rootless Podman does not run here: ${reason}`);
  return [rootful];
}

/** The Podmans of this machine. Where there is none, CI fails and everybody else is told why tests are skipped. */
export const podmanEngines: readonly PodmanEngine[] = await findEngines();

/** A release that can be run where the machine is an amd64. */
export function runnableRelease(month: number, seed = ''): TestImage {
  const created = new Date(Date.UTC(2026, month - 1, 1));
  const layers = [
    { 'bin/sandbox': staticProgram('sandbox\n') },
    { 'etc/release': `${created.toISOString()} ${seed}\n` },
  ];
  return buildTestImage({ created, seed, layers });
}

export async function namesIn(engine: PodmanEngine, { layout }: World): Promise<string[]> {
  const { stdout } = await engine.podman(layout, 'images', '--all', '--format', 'json');
  const rows: { Names: string[] | null }[] = JSON.parse(stdout);
  return rows.flatMap(({ Names }) => Names ?? ['<none>']);
}

/** OCI runtimes differ in which cgroups they understand, and not everybody may raise limits. */
const WAYS_TO_RUN = [[], ['--runtime', 'runc'], ['--runtime', 'crun']];
const LIMITS = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];

/** Runs the image for real; where this machine runs no containers at all, it makes one of it. */
export async function requireItRuns(engine: PodmanEngine, { layout }: World, image: string): Promise<void> {
  for (const way of process.arch === 'x64' ? WAYS_TO_RUN : []) {
    const words = [...way, 'run', '--rm', '--network', 'none', ...LIMITS, image];
    if ((await engine.podman(layout, ...words)).stdout === 'sandbox\n') return;
  }
  const { failed } = await engine.podman(layout, 'create', '--network', 'none', '--name', 'made', image);
  if (failed) throw new Error(`Podman can make no container of ${image}`);
  await engine.podman(layout, 'rm', 'made');
  if (!told.has(engine)) console.warn(`Podman (${engine.title}) runs no container here; one was created in its place`);
  told.add(engine);
}
const told = new Set<PodmanEngine>();
