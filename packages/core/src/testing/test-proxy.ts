import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A proxy on loopback which connects to one place, whatever it is asked for, and says what it was asked for. */
export interface TestProxy extends AsyncDisposable {
  /** `127.0.0.1:<port>` */
  readonly host: string;
  readonly asked: string[];
  /** When every connection to it has ended. */
  idle(): Promise<unknown>;
  close(): Promise<void>;
}

export interface HttpProxyOptions {
  readonly to: number;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Raw bytes in place of an answer; nothing for silence. */
  readonly raw?: string;
}

export async function startHttpProxy({ to, tls, raw }: HttpProxyOptions) {
  const asked: string[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const server = tls ? createHttpsServer(tls) : createHttpServer();
  server.on('request', (_request, response) => response.writeHead(500).end());
  server.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    headers.push(request.headers);
    socket.on('error', () => {});
    if (raw === undefined) join(socket, to, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    else socket.resume().on('end', () => socket.destroy()); // else it would not see the client leave
    if (raw) socket.end(raw);
  });
  return { ...(await listen(server, asked)), headers };
}

export interface SocksProxyOptions {
  readonly to: number;
  /** The log-in method that it picks; 2 is user name and password. */
  readonly method?: number;
  /** The second byte of its last answer; 0 is success. */
  readonly reply?: number;
  /** Hex in place of its first answer, then the connection ends. */
  readonly raw?: string;
  /** Hex right after its last answer. */
  readonly staged?: string;
}

export async function startSocksProxy({ to, method = 2, reply = 0, raw, staged = '' }: SocksProxyOptions) {
  const asked: string[] = [];
  const logins: string[] = [];
  const server = createServer((socket) => {
    const acceptLogin = (login: Buffer) => {
      logins.push(login.toString('latin1'));
      socket.write('\x01\x00');
    };
    socket.on('error', () => {});
    const steps = [
      () => (raw === undefined ? socket.write(Buffer.from([5, method])) : socket.end(Buffer.from(raw, 'hex'))),
      ...(method === 2 ? [acceptLogin] : []),
      (request: Buffer) => {
        asked.push(describeTarget(request));
        const answer = Buffer.from(`05${reply.toString(16).padStart(2, '0')}0001000000000000${staged}`, 'hex');
        if (reply === 0) join(socket, to, () => socket.write(answer));
        else socket.end(answer);
      },
    ];
    const next = (bytes: Buffer) => {
      const step = steps.shift();
      if (steps.length === 0) socket.off('data', next);
      step?.(bytes);
    };
    socket.on('data', next);
  });
  return { ...(await listen(server, asked)), logins };
}

function describeTarget(request: Buffer): string {
  const address = request.subarray(4, -2);
  return `${request[3]} ${request[3] === 3 ? address.subarray(1) : address.toString('hex')} ${request.readUInt16BE(request.length - 2)}`;
}

function join(socket: Duplex, to: number, onConnected: () => void): void {
  const onward = connect(to, '127.0.0.1', () => {
    onConnected();
    onward.pipe(socket).pipe(onward);
  });
  onward.on('error', () => socket.destroy());
  socket.on('close', () => onward.destroy());
}

async function listen(server: Server, asked: string[]): Promise<TestProxy> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => void sockets.add(socket));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const close = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const ended = (socket: Socket) => socket.closed || new Promise((resolve) => socket.once('close', resolve));
  const idle = () => Promise.all([...sockets].map(ended));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    idle,
    close,
    [Symbol.asyncDispose]: close,
  };
}
