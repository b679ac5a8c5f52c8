import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { codeOf } from '../errors/coded-error.ts';
import type { ProxyServer } from './choose-proxy.ts';
import { brokenProxy, proxyFailure } from './proxy-failure.ts';
import { STAGED, socks5Handshake } from './socks5-handshake.ts';

export type Undici = typeof import('undici');

export interface Tunnel {
  readonly proxy: ProxyServer;
  /** Where it leads to. */
  readonly hostname: string;
  readonly port: number;
  /** To the proxy. */
  readonly connect: buildConnector.connector;
  /** For all that the proxy takes. */
  readonly timeoutMs: number;
  /** Stands in for SOCKS credentials where there are none. */
  readonly circuit: string;
}

/** A connection to the target that the proxy made; everything but that is REGISTRY_UNREACHABLE and names the proxy. */
export async function openTunnel(undici: Undici, tunnel: Tunnel): Promise<Socket> {
  const signal = AbortSignal.timeout(tunnel.timeoutMs);
  const { proxy } = tunnel;
  const host = authority(tunnel);
  try {
    return await (proxy.kind === 'socks5' ? openSocks(tunnel, host, signal) : openHttp(undici, tunnel, host, signal));
  } catch (error) {
    if (signal.aborted) throw proxyFailure(proxy, host, 'proxy-target', 'did not answer in time');
    throw codeOf(error) !== undefined ? error : brokenProxy(proxy, host, error);
  }
}

/** RFC 9110, section 9.3.6; also for plain http, so that one way is tested and a proxy sees as little as it can. */
async function openHttp(undici: Undici, tunnel: Tunnel, host: string, signal: AbortSignal): Promise<Socket> {
  const { proxy, connect } = tunnel;
  const client = new undici.Client(`${proxy.kind}://${authority(proxy)}`, {
    // The library takes the name for the certificate from the Host header, which is the target's: the address has the proxy's.
    connect: ({ servername: _targets, ...address }, callback) => connect(address, callback),
  });
  const headers = { host, ...(proxy.credentials && { 'proxy-authorization': basic(proxy.credentials) }) };
  const { statusCode, socket } = await client.connect({ path: host, headers, signal });
  const isOpen = statusCode < 300;
  if (isOpen && socket.readableLength === 0) return socket as Socket;
  socket.on('error', () => {}).destroy();
  if (isOpen) throw proxyFailure(proxy, host, 'proxy', STAGED);
  if (statusCode === 407)
    throw proxyFailure(proxy, host, 'proxy', 'wants a user name and password, or others (HTTP 407)');
  const reason = statusCode >= 500 ? 'proxy-target' : 'proxy';
  throw proxyFailure(proxy, host, reason, `did not connect to it (HTTP ${statusCode})`);
}

async function openSocks(tunnel: Tunnel, host: string, signal: AbortSignal): Promise<Socket> {
  const { proxy, connect, circuit } = tunnel;
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const address = { protocol: 'http:', hostname: proxy.hostname, port: `${proxy.port}` };
  connect(address, (error, socket) => (socket ? resolve(socket) : reject(error)));
  const socket = await promise;
  try {
    const credentials = proxy.credentials ?? { username: circuit, password: circuit };
    const result = await socks5Handshake(socket, tunnel, credentials, signal);
    if (result === 'connected') return socket;
    throw proxyFailure(proxy, host, result.reason, result.what);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function authority({ hostname, port }: Pick<ProxyServer, 'hostname' | 'port'>): string {
  return `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`;
}

function basic({ username, password }: NonNullable<ProxyServer['credentials']>): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
