import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Dockerode from 'dockerode';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SshEndpoint } from './docker-endpoint.ts';
import { engineModem } from './engine-modem.ts';
import { parseHost } from './parse-host.ts';
import { sshArguments, sshConnection } from './ssh-connection.ts';

const endpoint = (text: string) => parseHost(text, { where: 'test' }) as SshEndpoint;

/** An `ssh` that a test wrote, in Node's words. */
async function fakeSsh(code: string): Promise<{ readonly folder: string; find(): Promise<string> }> {
  const folder = await mkdtemp(join(tmpdir(), 'dangerzone-image-ssh-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const program = join(folder, 'ssh');
  await writeFile(program, `#!${process.execPath}\nconst folder = ${JSON.stringify(folder)};\n${code}`);
  await chmod(program, 0o755);
  return { folder, find: async () => program };
}

const dialing = `
require('node:fs').writeFileSync(folder + '/words', JSON.stringify(process.argv.slice(2)));
const socket = require('node:net').connect(folder + '/docker.sock');
process.stdin.pipe(socket).pipe(process.stdout);`;

async function dockerode(find: () => Promise<string | undefined>): Promise<Dockerode> {
  const options = { createConnection: sshConnection(endpoint('ssh://me@engine.example:2222'), find) };
  const modem = engineModem({ endpoint: 'ssh://me@engine.example', options });
  const { default: Docker } = await import('dockerode');
  return new Docker({ modem } as never);
}

async function version(find: () => Promise<string | undefined>): Promise<unknown> {
  return (await dockerode(find)).version();
}

describe('ssh', () => {
  it('is called with the host after a double dash, and never asks', () => {
    expect(sshArguments(endpoint('ssh://me@engine.example:2222/run/docker.sock'))).toEqual([
      ...[
        '-o',
        'BatchMode=yes',
        '-o',
        'ConnectTimeout=30',
        '-o',
        'ServerAliveInterval=30',
        '-T',
        '-l',
        'me',
        '-p',
        '2222',
      ],
      ...['--', 'engine.example', 'docker', '--host', 'unix:///run/docker.sock', 'system', 'dial-stdio'],
    ]);
  });

  it('carries the API of the engine over there', async () => {
    const { folder, find } = await fakeSsh(dialing);
    const server = createServer((_, response) => response.end('{"Version":"over there"}'));
    server.listen(join(folder, 'docker.sock'));
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    expect(await version(find)).toEqual({ Version: 'over there' });
    expect(JSON.parse(await readFile(join(folder, 'words'), 'utf8'))).toContain('engine.example');
  });

  it('sends each chunk as it was, though its memory is used again as soon as the next is asked for', async () => {
    const { folder, find } = await fakeSsh(dialing);
    let got = '';
    const server = createServer(async (request, response) => {
      for await (const chunk of request) got += chunk;
      response.end();
    });
    server.listen(join(folder, 'docker.sock'));
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const words = Array.from({ length: 200 }, (_, number) => `${number}`.padStart(5_000, '.'));
    const source = (async function* () {
      const memory = Buffer.alloc(5_000);
      for (const word of words) {
        memory.write(word);
        yield memory;
      }
    })();
    const docker = await dockerode(find);
    await docker.loadImage(source as unknown as NodeJS.ReadableStream);
    expect(got === words.join('')).toBe(true);
  });

  it.each<[string, string]>([
    ['says why it ended', `process.stderr.write('Host key verification failed.\\n'); process.exitCode = 255;`],
    ['ends without a word', 'process.exitCode = 1;'],
    ['ends well without an answer', ''],
    ['writes what is not HTTP', `process.stdout.write('Welcome!\\n');`],
  ])('that %s is an engine that does not answer', async (_, code) => {
    const { find } = await fakeSsh(code);
    await expect(version(find)).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
  });

  it('passes on what it said, harmless to a terminal', async () => {
    const { find } = await fakeSsh(`process.stderr.write('no route \\x1b[2J\\n'); process.exitCode = 255;`);
    await expect(version(find)).rejects.toMatchObject({ message: expect.stringContaining('no route \\x1b[2J') });
  });

  it('that is not installed is said', async () => {
    await expect(version(async () => undefined)).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
  });
});
