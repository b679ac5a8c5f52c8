import { spawn, spawnSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { watch } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createTestCertificate } from '@dangerzone-image/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chooseEndpoints } from './choose-endpoints.ts';
import { type RunningEngine, startEngine, usualEngine, writeContext } from './docker.test-support.ts';
import { dockerRuntime } from './docker-runtime.ts';
import { type DockerSurroundings, dockerSurroundings } from './docker-surroundings.ts';
import { openDesktop } from './open-desktop.ts';
import { openFirst } from './open-first.ts';

async function createHome(env: Readonly<Record<string, string>> = {}): Promise<DockerSurroundings> {
  const home = await mkdtemp(join(tmpdir(), 'dangerzone-image-home-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  return { ...dockerSurroundings(), home, env, uid: 1000 };
}

async function start(withTcp?: true | readonly string[]): Promise<RunningEngine> {
  if (!usualEngine) throw new TypeError('skipped without an engine');
  const running = await startEngine(usualEngine, { ...(withTcp && { withTcp }) });
  onTestFinished(() => running[Symbol.asyncDispose]());
  return running;
}

const info = (surroundings: DockerSurroundings, options = {}) =>
  dockerRuntime('docker', async () => openFirst(await chooseEndpoints(options, surroundings))).info();

describe.skipIf(!usualEngine)('bad input 173: the engine that is meant answers, and says where it is', () => {
  it('by DOCKER_HOST over tcp', async () => {
    const { port } = await start(true);
    const endpoint = `tcp://127.0.0.1:${port}`;
    const surroundings = await createHome({ DOCKER_HOST: endpoint });
    const { freeBytes, ...facts } = await info(surroundings);
    expect(facts).toMatchObject({ endpoint, isRemote: false });
    // What is behind a port may be another machine's disk.
    expect(freeBytes).toBeUndefined();
  });

  it('by a context, chosen by option, by variable and by config.json', async () => {
    const { socket } = await start();
    const surroundings = await createHome();
    const folder = join(surroundings.home, '.docker');
    await writeContext(folder, 'work', `unix://${socket}`);
    const expected = { endpoint: `unix://${socket}` };
    expect(await info(surroundings, { context: 'work' })).toMatchObject(expected);
    expect(await info({ ...surroundings, env: { DOCKER_CONTEXT: 'work' } })).toMatchObject(expected);
    await writeFile(join(folder, 'config.json'), '{"currentContext":"work"}');
    expect(await info(surroundings)).toMatchObject(expected);
  });

  it('as a rootless engine’s socket, when nobody is at the usual place', async () => {
    const { socket } = await start();
    const { home, ...others } = await createHome();
    const [, rootless] = await chooseEndpoints({}, { ...others, home, env: { XDG_RUNTIME_DIR: dirname(socket) } });
    const places = [{ kind: 'socket', path: join(home, 'nobody.sock') } as const, ...(rootless ? [rootless] : [])];
    const runtime = dockerRuntime('docker', () => openFirst(places));
    expect(await runtime.info()).toMatchObject({ endpoint: `unix://${socket}` });
  });

  it('on a Desktop-style path, as docker-desktop', async () => {
    if (!usualEngine) return;
    const surroundings = await createHome();
    const socket = join(surroundings.home, '.docker', 'desktop', 'docker.sock');
    const desktop = dockerRuntime('docker-desktop', () => openDesktop(surroundings));
    await expect(desktop.info()).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
    const running = await startEngine(usualEngine, { socket });
    onTestFinished(() => running[Symbol.asyncDispose]());
    expect(await desktop.info()).toMatchObject({ endpoint: `unix://${socket}`, isRemote: false });
  });

  describe('over TLS', () => {
    const server = createTestCertificate();
    const client = createTestCertificate();

    async function startTls() {
      const folder = await mkdtemp(join(tmpdir(), 'dangerzone-image-tls-'));
      onTestFinished(() => rm(folder, { recursive: true }));
      const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => join(folder, name));
      await writeFile(ca ?? '', client.cert);
      await writeFile(cert ?? '', server.cert);
      await writeFile(key ?? '', server.key);
      const tls = ['--tlsverify', `--tlscacert=${ca}`, `--tlscert=${cert}`, `--tlskey=${key}`];
      return start(tls);
    }
    async function writeCertificates(own: { readonly cert: string; readonly key: string }, authority: string) {
      const folder = await mkdtemp(join(tmpdir(), 'dangerzone-image-certs-'));
      onTestFinished(() => rm(folder, { recursive: true }));
      await writeFile(join(folder, 'ca.pem'), authority);
      await writeFile(join(folder, 'cert.pem'), own.cert);
      await writeFile(join(folder, 'key.pem'), own.key);
      return folder;
    }

    it('answers who shows its certificate, and nobody else; and is believed with its own alone', async () => {
      const { port } = await startTls();
      const DOCKER_HOST = `tcp://127.0.0.1:${port}`;
      const ask = async (DOCKER_CERT_PATH: string) =>
        info(await createHome({ DOCKER_HOST, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH }));
      const stranger = createTestCertificate();
      expect(await ask(await writeCertificates(client, server.cert))).toMatchObject({ endpoint: DOCKER_HOST });
      for (const folder of [
        await writeCertificates(stranger, server.cert),
        await writeCertificates(client, stranger.cert),
        tmpdir(),
      ]) {
        await expect(ask(folder)).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
      }
      await expect(info(await createHome({ DOCKER_HOST }))).rejects.toMatchObject({ code: 'RUNTIME_FAILED' });
    });
  });

  it('and a socket that this user may not use is told from one that is not there', async () => {
    const { socket } = await start();
    const script = `
      const { createRuntime } = await import(${JSON.stringify(join(import.meta.dirname, 'index.ts'))});
      process.setgroups([]); process.setgid(65534); process.setuid(65534);
      await createRuntime({ host: ${JSON.stringify(`unix://${socket}`)} }).info().catch(({ code, details }) =>
        console.log(JSON.stringify({ code, reason: details.reason })));`;
    await chmod(dirname(socket), 0o755);
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ code: 'RUNTIME_UNAVAILABLE', reason: 'EACCES' });
  });
});

const hasPodman = spawnSync('podman', ['--version']).status === 0;
if (!hasPodman) {
  if (process.env.CI) throw new Error('CI must test against a real Podman, and none answers: apt-get install podman');
  console.warn('skipped: no Podman answers here (podman --version)');
}

describe.skipIf(!hasPodman)('Podman’s Docker-compatible service', () => {
  it('is recognised as what it is', async () => {
    const surroundings = await createHome();
    const { home } = surroundings;
    await mkdir(join(home, 'run'));
    const socket = join(home, 'run', 'podman.sock');
    const appeared = new EventEmitter();
    const watcher = watch(join(home, 'run'), () => appeared.emit('socket'));
    const store = ['--root', join(home, 'root'), '--runroot', join(home, 'runroot')];
    const service = spawn('podman', [...store, 'system', 'service', '--time=0', `unix://${socket}`], {
      stdio: 'ignore',
    });
    onTestFinished(async () => {
      watcher.close();
      service.kill();
      await once(service, 'exit');
      spawnSync('umount', [join(home, 'root', 'overlay')]);
    });
    await once(appeared, 'socket');
    await expect
      .poll(() => info(surroundings, { host: `unix://${socket}` }).catch(({ suggestions }) => suggestions))
      .toEqual(expect.arrayContaining([expect.stringContaining('--runtime podman')]));
  });
});
