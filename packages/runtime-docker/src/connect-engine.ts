import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '@dangerzone-image/core';
import { type DockerEndpoint, formatEndpoint } from './docker-endpoint.ts';
import type { EngineConnection } from './engine-modem.ts';
import { sshConnection } from './ssh-connection.ts';

const MAX_PEM_BYTES = 1024 * 1024;

/** The way to an engine. Nothing is opened yet. */
export async function connectEngine(endpoint: DockerEndpoint): Promise<EngineConnection> {
  const address = formatEndpoint(endpoint);
  if (endpoint.kind === 'socket') return { endpoint: address, options: { socketPath: endpoint.path } };
  if (endpoint.kind === 'ssh') return { endpoint: address, options: { createConnection: sshConnection(endpoint) } };
  const { host, port, tlsFolder } = endpoint;
  if (tlsFolder === undefined) return { endpoint: address, options: { protocol: 'http:', host, port } };
  // Checked whatever Docker's own variables or NODE_TLS_REJECT_UNAUTHORIZED say.
  const tls = { ...(await readPems(tlsFolder)), rejectUnauthorized: true };
  return { endpoint: address, options: { protocol: 'https:', host, port, ...tls } };
}

/** Docker's names in a folder of certificates; which of them are there is its owner's choice. */
async function readPems(folder: string): Promise<{ ca?: Buffer; cert?: Buffer; key?: Buffer }> {
  const [ca, cert, key] = await Promise.all(
    ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readPem(join(folder, name))),
  );
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

async function readPem(path: string): Promise<Buffer | undefined> {
  try {
    if ((await stat(path)).size > MAX_PEM_BYTES)
      throw new CodedError('USAGE', `${path} is too large for a certificate`);
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
