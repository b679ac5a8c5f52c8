import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A Docker Engine that tests may start. */
export interface EngineUnderTest {
  readonly name: string;
  readonly program: string;
  readonly store: 'classic' | 'containerd';
  /** Members of its daemon.json. */
  readonly config: Readonly<Record<string, unknown>>;
}

const snapshotter = (isOn: boolean) => ({ features: { 'containerd-snapshotter': isOn } });

/** Debian's (or whoever's) dockerd in PATH; where none is, CI fails, and everybody else is told why. */
export const usualEngine = findUsual();
/** A current engine, named by DANGERZONE_IMAGE_TEST_DOCKERD: in CI built by `scripts/build-current-engine.sh`, where Go is. */
export const currentEngines = findCurrent();
export const engines: readonly EngineUnderTest[] = [...(usualEngine ? [usualEngine] : []), ...currentEngines];

function findUsual(): EngineUnderTest | undefined {
  const isRoot = process.getuid?.() === 0;
  const isHere = spawnSync('dockerd', ['--version']).status === 0;
  // The store is said, for what it is by default differs by version and packager.
  if (isRoot && isHere) return { name: 'docker', program: 'dockerd', store: 'classic', config: snapshotter(false) };
  const why = isHere ? 'only root can start dockerd' : 'no dockerd in PATH: apt-get install docker.io';
  if (process.env.CI && isRoot) throw new Error(`CI must test against a real Docker: ${why}`);
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
    { name: 'current docker, containerd store', program, store: 'containerd', config: snapshotter(true) },
    { name: 'current docker, classic store', program, store: 'classic', config: snapshotter(false) },
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
  readonly pid: number;
  /** The engine's API, past everything of ours. */
  ask(method: string, path: string, body?: Uint8Array | object): Promise<EngineAnswer>;
  /** Nothing is left in it: no container, no image. */
  clean(): Promise<void>;
}

export interface StartOptions {
  /** Where it listens; a socket in its own folder where left out. */
  readonly socket?: string;
  /** The size of its disk, where it shall be a small one. */
  readonly diskBytes?: number;
  /** On loopback too: plainly, or with these words for TLS. */
  readonly withTcp?: true | readonly string[];
}

/** A dockerd of this test's own: its folders, its socket, no network; nothing of the machine's own engine is touched. */
export async function startEngine(engine: EngineUnderTest, options: StartOptions = {}): Promise<RunningEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'dangerzone-image-docker-'));
  const socket = options.socket ?? join(folder, 'docker.sock');
  await mkdir(dirname(socket), { recursive: true });
  await writeFile(join(folder, 'daemon.json'), JSON.stringify(engine.config));
  const data = join(folder, 'data');
  await mkdir(data);
  if (options.diskBytes) spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${options.diskBytes}`, 'tmpfs', data]);
  const port = options.withTcp ? await freePort() : undefined;
  const words = [
    ...['--config-file', join(folder, 'daemon.json'), '--host', `unix://${socket}`],
    ...['--data-root', data, '--exec-root', join(folder, 'exec'), '--pidfile', join(folder, 'pid')],
    ...['--bridge=none', '--iptables=false', '--ip6tables=false', '--userland-proxy=false'],
    ...(port ? ['--host', `tcp://127.0.0.1:${port}`] : []),
    ...(options.withTcp === true ? ['--tls=false'] : (options.withTcp ?? [])),
  ];
  // A current engine brings its own containerd; it would take another one that it finds in PATH.
  const env = engine.program === 'dockerd' ? process.env : { ...process.env, PATH: dirname(engine.program) };
  const child = spawn(engine.program, words, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  await untilListening(child, port ? 2 : 1);
  const ask: RunningEngine['ask'] = (method, path, body) => askEngine(socket, method, path, body);
  return {
    socket,
    port,
    folder,
    pid: child.pid ?? 0,
    ask,
    clean: () => removeEverything(ask),
    async [Symbol.asyncDispose]() {
      await removeEverything(ask);
      await end(child);
      spawnSync('umount', ['--recursive', data]);
      await rm(folder, { recursive: true, force: true });
      await rm(socket, { force: true });
    },
  };
}

/** dockerd says when it listens; when it ends before that, its last words are why. */
async function untilListening(child: ChildProcess, hosts: number): Promise<void> {
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
}

/** A current dockerd takes no port 0: one that was free a moment ago, and that no system gives to who asks for any. */
async function freePort(): Promise<number> {
  const server = createServer().listen(randomInt(10_000, 30_000), '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
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
