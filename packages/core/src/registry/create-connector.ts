import type { buildConnector } from 'undici';
import { chooseProxy, type Environment } from './choose-proxy.ts';
import { openTunnel, type Undici } from './open-tunnel.ts';
import { unheldConnector } from './unheld-connector.ts';

export interface ConnectorOptions {
  readonly env: Environment;
  readonly timeoutMs: number;
  readonly circuit: string;
  readonly connect: buildConnector.BuildOptions;
}

/** Makes connections, each through the proxy that is set for its target: the one place where a connection begins. */
export function createConnector(undici: Undici, options: ConnectorOptions): buildConnector.connector {
  const connect = unheldConnector(undici, options.connect);
  return (target, callback) => {
    const { protocol, hostname } = target;
    const port = Number(target.port || (protocol === 'https:' ? 443 : 80));
    const proxy = chooseProxy(new URL(`${protocol}//${target.host}`), options.env);
    if (!proxy) return connect(target, callback);
    openTunnel(undici, { ...options, connect, proxy, hostname, port }).then(
      (socket) => {
        if (protocol === 'https:') connect({ ...target, httpSocket: socket }, callback);
        else callback(null, socket);
      },
      (error: Error) => callback(error, null),
    );
  };
}
