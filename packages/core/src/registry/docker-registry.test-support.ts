import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Agent, request } from 'undici';
import { digestOf } from '../oci/digest.ts';
import type { TestRegistry } from '../testing/test-registry.ts';

/** Whether Debian's docker-registry is here. Where it is not, CI fails and everybody else is told why tests are skipped. */
export const isDockerRegistryHere = spawnSync('docker-registry', ['--version']).status === 0;
if (!isDockerRegistryHere) {
  if (process.env.CI) throw new Error('CI must test against a real registry: apt-get install docker-registry');
  console.warn('skipped: no docker-registry here (docker-registry --version)');
}

export const logIn = { username: 'jane', password: 'right horse' };
// bcrypt of that password, the only kind that the registry takes.
const HTPASSWD = 'jane:$2b$05$abcdefghijklmnopqrstuuB05BVy0V7KomGh8K56xgiHLq3Wkqh46\n';

export interface DockerRegistryOptions {
  readonly isClosed?: boolean;
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** A real registry on loopback with a folder of its own, filled by `push` as a publisher would. */
export async function startDockerRegistry({ isClosed = false, tls }: DockerRegistryOptions = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'docker-registry-'));
  const file = async (name: string, text: string) => {
    await writeFile(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const config = {
    version: '0.1',
    log: { level: 'info', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'storage') } },
    http: {
      addr: '127.0.0.1:0',
      ...(tls && { tls: { certificate: await file('cert.pem', tls.cert), key: await file('key.pem', tls.key) } }),
    },
    ...(isClosed && { auth: { htpasswd: { realm: 'test', path: await file('htpasswd', HTPASSWD) } } }),
  };
  // YAML takes JSON as it is.
  const child = spawn('docker-registry', ['serve', await file('config.yml', JSON.stringify(config))], {
    env: { PATH: process.env.PATH, OTEL_TRACES_EXPORTER: 'none' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  const close = async () => {
    child.kill();
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  const host = await readAddress(child.stderr);
  const origin = `${tls ? 'https' : 'http'}://${host}`;
  const dispatcher = new Agent({ connect: tls ? { ca: tls.cert } : {} });
  const authorization = `Basic ${btoa(`${logIn.username}:${logIn.password}`)}`;
  const put = async (method: 'POST' | 'PUT', url: string, body: Uint8Array, contentType: string) => {
    const headers = { authorization, 'content-type': contentType };
    const answer = await request(new URL(url, origin), { method, headers, body, dispatcher });
    await answer.body.dump();
    if (answer.statusCode >= 300) throw new Error(`${method} ${url}: HTTP ${answer.statusCode}`);
    return String(answer.headers.location);
  };
  return {
    host,
    origin,
    close,
    async pushBlob(repository: string, bytes: Uint8Array) {
      const upload = new URL(await put('POST', `/v2/${repository}/blobs/uploads/`, new Uint8Array(), BINARY), origin);
      upload.searchParams.set('digest', digestOf(bytes));
      await put('PUT', upload.href, bytes, BINARY);
    },
    async pushManifest(repository: string, bytes: Uint8Array, mediaType: string, tag?: string) {
      await put('PUT', `/v2/${repository}/manifests/${tag ?? digestOf(bytes)}`, bytes, mediaType);
    },
  };
}

const BINARY = 'application/octet-stream';

export type DockerRegistry = Awaited<ReturnType<typeof startDockerRegistry>>;

/** Stands in for a test registry while an image is published, and gives what was put, in its order. */
export function recordPushes(host: string) {
  const pushes: ((registry: DockerRegistry) => Promise<void>)[] = [];
  const recorder: Pick<TestRegistry, 'host' | 'putBlob' | 'putManifest'> = {
    host,
    putBlob(repository, bytes) {
      pushes.push((registry) => registry.pushBlob(repository, bytes));
      return digestOf(bytes);
    },
    putManifest(repository, bytes, mediaType, tag) {
      pushes.push((registry) => registry.pushManifest(repository, bytes, mediaType, tag));
      return digestOf(bytes);
    },
  };
  return { recorder: recorder as TestRegistry, pushes };
}

async function readAddress(stderr: NodeJS.ReadableStream): Promise<string> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: stderr })) {
    const [, host] = /listening on (127\.0\.0\.1:\d+)/.exec(line) ?? [];
    if (host !== undefined) {
      stderr.resume(); // nobody reads on, and it must not wait for that
      return host;
    }
    lines.push(line);
  }
  throw new Error(`docker-registry ended: ${lines.join('\n')}`);
}
