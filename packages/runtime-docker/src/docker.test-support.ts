import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A Docker Engine that tests may start. */
export interface EngineUnderTest {
  readonly name: string;
  readonly program: string;
  /** Members of its daemon.json. */
  readonly config: Readonly<Record<string, unknown>>;
}

const classic = { features: { 'containerd-snapshotter': false } };

/** Debian's (or whoever's) dockerd in PATH; where none is, CI fails and everybody else is told why tests are skipped. */
export const usualEngine = findUsual();
/** A current engine, named by DANGERZONE_IMAGE_TEST_DOCKERD: in CI built by `scripts/build-current-engine.sh`, where Go is. */
export const currentEngines = findCurrent();
export const engines: readonly EngineUnderTest[] = [...(usualEngine ? [usualEngine] : []), ...currentEngines];

function findUsual(): EngineUnderTest | undefined {
  const isRoot = process.getuid?.() === 0;
  const isHere = spawnSync('dockerd', ['--version']).status === 0;
  if (isRoot && isHere) return { name: 'docker', program: 'dockerd', config: {} };
  const why = isHere ? 'only root can start dockerd' : 'no dockerd in PATH: apt-get install docker.io';
  if (process.env.CI) throw new Error(`CI must test against a real Docker: ${why}`);
  console.warn(`skipped: ${why}`);
  return undefined;
}

function findCurrent(): readonly EngineUnderTest[] {
  const program = process.env.DANGERZONE_IMAGE_TEST_DOCKERD;
  if (!program || process.getuid?.() !== 0) {
    console.warn('skipped: containerd’s image store: DANGERZONE_IMAGE_TEST_DOCKERD names no current dockerd to root');
    return [];
  }
  return [
    { name: 'current docker, containerd store', program, config: {} },
    { name: 'current docker, classic store', program, config: classic },
  ];
}

export interface EngineAnswer {
  readonly status: number;
  /** JSON where it is one document, else the lines. */
  readonly body: unknown;
}

export interface RunningEngine extends AsyncDisposable {
  readonly socket: string;
  /** Where it listens on loopback too, if it was told to. */
  readonly port: number | undefined;
  readonly folder: string;
  /** The engine's API, past everything of ours. */
  ask(method: string, path: string, body?: Uint8Array | object): Promise<EngineAnswer>;
  /** Nothing is left in it: no container, no image. */
  clean(): Promise<void>;
}

export interface StartOptions {
  /** Where it listens; a socket in its own folder where left out. */
  readonly socket?: string;
  /** More words for dockerd, such as another `--host`. */
  readonly words?: readonly string[];
}

/** A dockerd of this test's own: its folders, its socket, no network; nothing of the machine's own engine is touched. */
export async function startEngine(engine: EngineUnderTest, options: StartOptions = {}): Promise<RunningEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'dangerzone-image-docker-'));
  const socket = options.socket ?? join(folder, 'docker.sock');
  await mkdir(dirname(socket), { recursive: true });
  await writeFile(join(folder, 'daemon.json'), JSON.stringify(engine.config));
  const words = [
    ...['--config-file', join(folder, 'daemon.json'), '--host', `unix://${socket}`],
    ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec'), '--pidfile', join(folder, 'pid')],
    ...['--bridge=none', '--iptables=false', '--ip6tables=false', '--userland-proxy=false'],
    ...(options.words ?? []),
  ];
  // A current engine brings its own containerd; it would take another one that it finds in PATH.
  const env = engine.program === 'dockerd' ? process.env : { ...process.env, PATH: dirname(engine.program) };
  const child = spawn(engine.program, words, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const port = await untilListening(child, words.filter((word) => word === '--host').length);
  const ask: RunningEngine['ask'] = (method, path, body) => askEngine(socket, method, path, body);
  return {
    socket,
    port,
    folder,
    ask,
    clean: () => removeEverything(ask),
    async [Symbol.asyncDispose]() {
      await removeEverything(ask);
      await end(child);
      spawnSync('umount', [join(folder, 'data')]);
      await rm(folder, { recursive: true, force: true });
      await rm(socket, { force: true });
    },
  };
}

/** dockerd says when it listens, and on which port; when it ends before that, its last words are why. */
async function untilListening(child: ChildProcess, hosts: number): Promise<number | undefined> {
  let said = '';
  const listening = new Promise<void>((resolve) => {
    child.stderr?.on('data', (bytes: Buffer) => {
      said = (said + bytes.toString()).slice(-65536);
      if (said.split('API listen on').length > hosts) resolve();
    });
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`dockerd ended: ${said.slice(-2000)}`);
  });
  await Promise.race([listening, ended]);
  ended.catch(() => {}); // it ends when the tests do
  const [, port] = /API listen on 127\.0\.0\.1:(\d+)/.exec(said) ?? [];
  return port === undefined ? undefined : Number(port);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

async function removeEverything(ask: RunningEngine['ask']): Promise<void> {
  const containers = (await ask('GET', '/containers/json?all=1')).body as { Id: string }[];
  for (const { Id } of containers) await ask('DELETE', `/containers/${Id}?force=1`);
  const images = (await ask('GET', '/images/json?all=1')).body as { Id: string }[];
  for (const { Id } of images) await ask('DELETE', `/images/${Id}?force=1`);
}

async function askEngine(socketPath: string, method: string, path: string, body?: Uint8Array | object) {
  const isTar = body instanceof Uint8Array;
  const headers = { 'Content-Type': isTar ? 'application/x-tar' : 'application/json' };
  const sent = request({ socketPath, method, path, headers: body ? headers : {}, agent: false });
  sent.end(isTar ? body : body && JSON.stringify(body));
  const [response] = await once(sent, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const lines = Buffer.concat(chunks).toString().trim().split('\n');
  const isJson = /json/.test(response.headers['content-type'] ?? '') && lines.length === 1 && lines[0] !== '';
  return { status: response.statusCode as number, body: isJson ? JSON.parse(lines[0] ?? '') : lines };
}

/** A context in a folder of Docker's own client, as `docker context create` writes it. */
export async function writeContext(configFolder: string, name: string, host: string): Promise<void> {
  const folder = join(configFolder, 'contexts', 'meta', createHash('sha256').update(name).digest('hex'));
  await mkdir(folder, { recursive: true });
  const meta = { Name: name, Metadata: {}, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } };
  await writeFile(join(folder, 'meta.json'), JSON.stringify(meta));
}
