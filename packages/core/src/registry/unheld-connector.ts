import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import type { Undici } from './open-tunnel.ts';

/**
 * The library cannot take back a connection that it is making: after an abort it would keep the process from its end
 * until it times out. What somebody waits for is held by a deadline.
 */
export function unheldConnector(undici: Undici, options: buildConnector.BuildOptions): buildConnector.connector {
  const connect = undici.buildConnector(options) as (...target: Parameters<buildConnector.connector>) => Socket;
  return (target, callback) => {
    const socket = connect(target, callback);
    socket.on('connectionAttempt', () => socket.unref()); // each address of a name is tried with a handle of its own
  };
}
