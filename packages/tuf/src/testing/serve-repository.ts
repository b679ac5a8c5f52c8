import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface ServeOptions {
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Answers in place of the file, where it says that it did. */
  readonly answer?: (path: string, response: ServerResponse) => boolean;
}

export interface ServedRepository extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  readonly host: string;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** A TUF repository's files on loopback. For tests only. */
export async function serveRepository(
  files: ReadonlyMap<string, Uint8Array>,
  { tls, answer }: ServeOptions = {},
): Promise<ServedRepository> {
  const asked: string[] = [];
  const listener = ({ url = '' }: { url?: string | undefined }, response: ServerResponse) => {
    const path = url.slice(1);
    asked.push(path);
    response.on('error', () => {}); // whoever asked went away
    if (answer?.(path, response)) return;
    const bytes = files.get(path);
    response.writeHead(bytes ? 200 : 404, { 'content-type': 'application/json' }).end(bytes);
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { origin: `${tls ? 'https' : 'http'}://${host}`, host, asked, close, [Symbol.asyncDispose]: close };
}
