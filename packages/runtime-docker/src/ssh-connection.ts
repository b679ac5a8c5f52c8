import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Duplex, Readable } from 'node:stream';
import { CodedError, escapeControls, findProgram, printable } from '@dangerzone-image/core';
import { chunkByChunk } from './chunk-by-chunk.ts';
import type { SshEndpoint } from './docker-endpoint.ts';

const MAX_SAID = 2000;

/**
 * As Docker's own client does it: the user's `ssh`, with its known hosts, keys and settings, and Docker's `dial-stdio`
 * over there. It never asks anything: there may be nobody to answer.
 */
export function sshConnection(endpoint: SshEndpoint, find = findSsh): (options: unknown, done: Connected) => undefined {
  return (_, done) => {
    dial(endpoint, find).then(
      (stream) => done(null, stream),
      (error) => done(error, undefined as never),
    );
    return undefined;
  };
}

type Connected = (error: Error | null, stream: Duplex) => void;

export function sshArguments({ host, user, port, socket }: SshEndpoint): string[] {
  return [
    ...['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=30', '-o', 'ServerAliveInterval=30', '-T'],
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...['--', host, 'docker'],
    ...(socket === undefined ? [] : ['--host', `unix://${socket}`]),
    ...['system', 'dial-stdio'],
  ];
}

async function dial(endpoint: SshEndpoint, find: typeof findSsh): Promise<Duplex> {
  const program = await find();
  if (program === undefined)
    throw new CodedError('RUNTIME_UNAVAILABLE', 'ssh is not installed, or not in PATH', {
      suggestions: ['Install an OpenSSH client, or name the engine by another address.'],
    });
  const child = spawn(program, sshArguments(endpoint), { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(-MAX_SAID);
  });
  const ended = once(child, 'close').catch(() => [undefined]);
  // Why ssh ended is told before the end of its output is: else all that is known is a connection that broke.
  const output = async function* () {
    yield* child.stdout;
    const [code] = await ended;
    if (code !== 0) throw sshFailure(endpoint, said);
  };
  // A chunk is taken when ssh has it: what is only queued here, its owner would write over.
  const pair = { readable: Readable.from(output(), { objectMode: false }), writable: chunkByChunk(child.stdin) };
  const stream = Duplex.from(pair as unknown as Iterable<never>); // Node's types know a pair of web streams only
  stream.once('close', () => child.kill());
  return stream;
}

function sshFailure({ host }: SshEndpoint, said: string): CodedError {
  const reason = escapeControls(said.trim().split('\n').slice(-3).join('; '));
  return new CodedError('RUNTIME_UNAVAILABLE', `ssh to ${printable(host)} ended${reason && `: ${reason}`}`, {
    suggestions: [`This must work without a question: ssh -o BatchMode=yes ${host} docker version`],
  });
}

function findSsh(): Promise<string | undefined> {
  return findProgram(process.platform === 'win32' ? 'ssh.exe' : 'ssh');
}
