import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createVerifiedStream, hostPlatform } from '@dangerzone-image/core';
import { buildTestImage, memorySource, verifiedTestImage } from '@dangerzone-image/core/testing';
import type Dockerode from 'dockerode';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DockerEndpoint } from './docker-endpoint.ts';
import { dockerRuntime } from './docker-runtime.ts';
import { type EngineConnection, engineModem } from './engine-modem.ts';
import { openEngine } from './open-engine.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** An engine that answers as a test says. */
async function engine(answer: Answer): Promise<{ readonly socketPath: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'dangerzone-image-modem-'));
  const socketPath = join(folder, 'docker.sock');
  const server = createServer(answer).listen(socketPath);
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });
  return { socketPath };
}

async function dockerode(answer: Answer, more: Partial<EngineConnection> = {}): Promise<Dockerode> {
  const modem = engineModem({ endpoint: 'unix:///x', options: await engine(answer), ...more });
  const { default: Docker } = await import('dockerode');
  return new Docker({ modem } as unknown as Dockerode.DockerOptions);
}

/** What the adapter hands dockerode: it can be iterated, and is no stream. */
const asTar = (source: AsyncIterable<Uint8Array>) => source as unknown as NodeJS.ReadableStream;

const version = { Version: '5.4.2', Os: 'linux', Arch: 'amd64' };
const info = { Driver: 'overlay2', DockerRootDir: '/nowhere' };

const json =
  (status: number, body: unknown): Answer =>
  (request, response) => {
    request.resume();
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  };

describe('the transport under dockerode', () => {
  it('sends what dockerode asks, and an empty set of credentials where there are none', async () => {
    let seen: IncomingMessage | undefined;
    const docker = await dockerode((request, response) => {
      seen = request;
      json(200, {})(request, response);
    });
    const signal = new AbortController().signal;
    await docker.createImage({}, { fromImage: 'a/b', tag: 'sha256:x', platform: undefined, abortSignal: signal });
    expect(seen?.url).toBe('/images/create?fromImage=a%2Fb&tag=sha256%3Ax');
    expect(seen?.headers['x-registry-auth']).toBe(Buffer.from('{}').toString('base64'));
  });

  it.each<[string, Answer, string]>([
    ['a refusal', json(500, { message: 'broken' }), 'RUNTIME_FAILED'],
    ['a refusal that is no JSON', (_, response) => response.writeHead(502).end('<html>'), 'RUNTIME_FAILED'],
    [
      'a redirection',
      (_, response) => response.writeHead(307, { Location: 'http://169.254.169.254/' }).end(),
      'RUNTIME_FAILED',
    ],
    ['an answer that is no JSON', (_, response) => response.end('<html>'), 'RUNTIME_FAILED'],
    [
      'an answer without an end',
      (_, response) =>
        Readable.from(
          (function* () {
            for (;;) yield Buffer.alloc(1024 * 1024, 32);
          })(),
        ).pipe(response),
      'RUNTIME_FAILED',
    ],
    [
      'an answer that breaks off',
      (_, response) => {
        response.writeHead(200).write('{');
        response.destroy();
      },
      'RUNTIME_UNAVAILABLE',
    ],
    ['a connection that breaks off', (request) => request.socket.destroy(), 'RUNTIME_UNAVAILABLE'],
    ['what is not HTTP', (request) => request.socket.end('SSH-2.0-x\r\n'), 'RUNTIME_UNAVAILABLE'],
  ])('bad input 169: %s is an error of the runtime', async (_, answer, code) => {
    const docker = await dockerode(answer);
    await expect(docker.listImages()).rejects.toMatchObject({ code });
  });

  it('bad input 169: an engine that never answers is given up', async () => {
    const docker = await dockerode(() => {}, { deadlineMs: 20 });
    await expect(docker.version()).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
  });

  it('bad input 169: an engine that stops reading in the middle of an upload is given up', async () => {
    const docker = await dockerode(() => {}, { stallMs: 20 });
    const endless = (async function* () {
      for (;;) yield Buffer.alloc(1024 * 1024);
    })();
    await expect(docker.loadImage(asTar(endless))).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
  });

  it.each<[string, object, string]>([
    ['nothing is there', { socketPath: '/nowhere/docker.sock' }, 'ENOENT'],
    ['nobody listens', { host: '127.0.0.1', port: 1 }, 'ECONNREFUSED'],
  ])('tells by the system’s code that %s', async (_, options, reason) => {
    const docker = await dockerode(() => {}, { options });
    await expect(docker.version()).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE', details: { reason } });
  });

  it('sends each chunk as it was, though its memory is used again as soon as the next is asked for', async () => {
    const { promise: mayRead, resolve: letRead } = Promise.withResolvers<void>();
    let got = '';
    const docker = await dockerode(async (request, response) => {
      await mayRead;
      for await (const chunk of request) got += chunk;
      response.end();
    });
    const words = Array.from({ length: 200 }, (_, number) => `${number}`.padStart(5_000, '.'));
    const source = (async function* () {
      const memory = Buffer.alloc(5_000);
      for (const [number, word] of words.entries()) {
        memory.write(word);
        yield memory;
        if (number === 2) letRead();
      }
    })();
    await docker.loadImage(asTar(source));
    expect(got === words.join('')).toBe(true);
  });

  it('an engine that refuses in the middle of an upload is heard, and the upload stops', async () => {
    const docker = await dockerode((_, response) => response.writeHead(500).end('{"message":"full"}'));
    let stopped = false;
    const endless = (async function* () {
      try {
        for (;;) yield Buffer.alloc(1024 * 1024);
      } finally {
        stopped = true;
      }
    })();
    await expect(docker.loadImage(asTar(endless))).rejects.toMatchObject({
      code: 'RUNTIME_FAILED',
      details: { status: 500 },
    });
    await expect.poll(() => stopped).toBe(true);
  });
});

describe('a load', () => {
  const NAME = 'registry.example.org/team/sandbox';
  const image = buildTestImage({ created: '2026-01-02T03:04:05Z' });
  const verified = verifiedTestImage(image, NAME, hostPlatform());

  async function load(answer: Answer) {
    const { socketPath } = await engine((request, response) => {
      const who: Record<string, object> = { '/version': version, '/info': info };
      const known = who[request.url ?? ''];
      return known ? json(200, known)(request, response) : answer(request, response);
    });
    const runtime = dockerRuntime('docker', () => openEngine({ kind: 'socket', path: socketPath }));
    return runtime.load(createVerifiedStream(verified, memorySource([image]), NAME), { name: `${NAME}:x` });
  }

  it('that the engine dies in is a failure of the runtime', async () => {
    const dying: Answer = (request, response) => {
      response.writeHead(200).write('{"stream":"so far so good"}\n');
      request.resume().on('end', () => response.destroy());
    };
    await expect(load(dying)).rejects.toMatchObject({ code: 'RUNTIME_FAILED' });
  });
});

describe('what answers as an engine', () => {
  const answering =
    (members: object): Answer =>
    (request, response) =>
      json(200, request.url === '/version' ? { ...version, ...members } : info)(request, response);
  const open = async (answer: Answer) => {
    const endpoint: DockerEndpoint = { kind: 'socket', path: (await engine(answer)).socketPath };
    return openEngine(endpoint);
  };

  it.each<[string, object]>([
    ['Podman, by its Docker-compatible service', { Components: [{ Name: 'Podman Engine' }] }],
    ['an engine of Windows containers', { Os: 'windows' }],
  ])('is told for what it is: %s', async (_, members) => {
    await expect(open(answering(members))).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
  });

  it('Podman’s remedy is Podman', async () => {
    const podman = open(answering({ Components: [{ Name: 'Podman Engine' }] }));
    await expect(podman).rejects.toMatchObject({
      suggestions: expect.arrayContaining([expect.stringContaining('--runtime podman')]),
    });
  });

  it('is asked who it is once, and again when it did not answer', async () => {
    let isUp = false;
    const runtime = dockerRuntime('docker', () => open(isUp ? answering({}) : (request) => request.socket.destroy()));
    await expect(runtime.info()).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
    isUp = true;
    expect(await runtime.info()).toMatchObject({ version: '5.4.2', store: 'overlay2', isRemote: false });
  });

  it('tells no free space where the engine’s folder is not of this machine', async () => {
    expect(await dockerRuntime('docker', () => open(answering({}))).info()).not.toHaveProperty('freeBytes');
  });

  it.each(['../../containers/x', 'sha256:../x', 'a b', '', 'x?force=1', 'x\r\nHost: y'])(
    'bad input 168: no path is made of %j',
    async (id) => {
      const runtime = dockerRuntime('docker', () => open(answering({})));
      const image = { id, digests: [], names: [] };
      await expect(runtime.tag(image, 'localhost/x:y')).rejects.toMatchObject({ code: 'REFERENCE_INVALID' });
    },
  );

  it.each(['localhost/x', '-v', 'localhost/x:y z', 'localhost/x:y&tag=z'])(
    'bad input 168: no name is made of %j',
    async (name) => {
      const runtime = dockerRuntime('docker', () => open(answering({})));
      const image = { id: `sha256:${'a'.repeat(64)}`, digests: [], names: [] };
      await expect(runtime.tag(image, name)).rejects.toMatchObject({ code: 'REFERENCE_INVALID' });
    },
  );
});
