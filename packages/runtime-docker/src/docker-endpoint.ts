import { BlockList, isIP } from 'node:net';

/** Where an engine answers, as Docker's own addresses say it. */
export type DockerEndpoint = SocketEndpoint | TcpEndpoint | SshEndpoint;

/** A unix socket, or a named pipe of Windows. */
export interface SocketEndpoint {
  readonly kind: 'socket';
  readonly path: string;
}

export interface TcpEndpoint {
  readonly kind: 'tcp';
  readonly host: string;
  readonly port: number;
  /** The folder of `ca.pem`, `cert.pem` and `key.pem`; without it the engine is spoken to in the clear. */
  readonly tlsFolder?: string;
}

export interface SshEndpoint {
  readonly kind: 'ssh';
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
  /** The engine's socket over there, where it is not the usual one. */
  readonly socket?: string;
}

const PIPE = /^[\\/]{2}\.[\\/]pipe[\\/]/;
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** The address in Docker's own words. */
export function formatEndpoint(endpoint: DockerEndpoint): string {
  switch (endpoint.kind) {
    case 'socket':
      return PIPE.test(endpoint.path) ? `npipe://${endpoint.path}` : `unix://${endpoint.path}`;
    case 'tcp':
      return `tcp://${bracketed(endpoint.host)}:${endpoint.port}`;
    case 'ssh':
      return [
        `ssh://${endpoint.user === undefined ? '' : `${endpoint.user}@`}${bracketed(endpoint.host)}`,
        endpoint.port === undefined ? '' : `:${endpoint.port}`,
        endpoint.socket ?? '',
      ].join('');
  }
}

/** Another machine, as far as an address tells: who forwards a port of loopback knows what is behind it. */
export function isRemote(endpoint: DockerEndpoint): boolean {
  if (endpoint.kind !== 'tcp') return endpoint.kind === 'ssh';
  const version = isIP(endpoint.host);
  if (version === 0) return endpoint.host !== 'localhost';
  return !LOOPBACK.check(endpoint.host, version === 4 ? 'ipv4' : 'ipv6');
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
