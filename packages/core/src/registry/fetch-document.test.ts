import { once as happens } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createTestCertificate } from '../testing/test-certificate.ts';
import { startHttpProxy } from '../testing/test-proxy.ts';
import { type DocumentsOptions, openDocuments } from './fetch-document.ts';
import { withoutPause } from './retry-policy.test-support.ts';

async function serve(listener: RequestListener, tls?: { key: string; cert: string }) {
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  await happens(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { port, base: `${tls ? 'https' : 'http'}://127.0.0.1:${port}/tuf` };
}

const open = (base: string, options: Partial<DocumentsOptions> = {}) =>
  openDocuments({ base, env: {}, retry: withoutPause, ...options });

describe('a document of a web server', () => {
  it('is read below the base, and is nothing where the server has none', async () => {
    const asked: string[] = [];
    const { base } = await serve(({ url = '' }, response) => {
      asked.push(url);
      if (url === '/tuf/1.root.json') response.end('root');
      else response.writeHead(url.endsWith('secret') ? 403 : 404).end();
    });
    const read = open(base);
    expect(Buffer.from((await read('1.root.json', 4)) ?? '').toString()).toBe('root');
    expect([await read('2.root.json', 4), await read('secret', 4)]).toEqual([undefined, undefined]);
    expect(asked).toEqual(['/tuf/1.root.json', '/tuf/2.root.json', '/tuf/secret']);
  });

  it.each<[string, RequestListener, string]>([
    ['longer than it may be', (_, response) => response.end('12345'), 'REGISTRY_ANSWER_INVALID'],
    [
      'announced as longer',
      (_, response) => response.writeHead(200, { 'content-length': 9 }).write('1'),
      'REGISTRY_ANSWER_INVALID',
    ],
    ['endless', (_, response) => void endless(response), 'REGISTRY_ANSWER_INVALID'],
    ['nothing', (_, response) => response.end(), 'REGISTRY_ANSWER_INVALID'],
    [
      'a web page',
      (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('1'),
      'REGISTRY_ANSWER_INVALID',
    ],
    [
      'compressed',
      (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('1'),
      'MANIFEST_INVALID',
    ],
    [
      'elsewhere, in plain http',
      (_, response) => response.writeHead(302, { location: 'http://192.0.2.1/' }).end(),
      'REGISTRY_ANSWER_INVALID',
    ],
    [
      'redirected in a circle',
      ({ url }, response) => response.writeHead(302, { location: url }).end(),
      'REGISTRY_ANSWER_INVALID',
    ],
    ['a failure of the server', (_, response) => response.writeHead(503).end(), 'REGISTRY_UNREACHABLE'],
  ])('is refused where it is %s', async (_, listener, code) => {
    const { base } = await serve(listener);
    await expect(open(base)('timestamp.json', 4)).rejects.toMatchObject({ code });
  });

  it('has its time, whatever trickles in', async () => {
    const { base } = await serve((_, response) => response.writeHead(200).write('1'));
    const failure = expect(open(base, { deadlineMs: 50 })('timestamp.json', 4)).rejects;
    await failure.toMatchObject({ code: 'REGISTRY_UNREACHABLE', details: { reason: 'timeout' } });
  });

  it('goes through the proxy that is set, and needs the authorities that are given', async () => {
    const tls = createTestCertificate();
    const { base, port } = await serve((_, response) => response.end('ok'), tls);
    await using proxy = await startHttpProxy({ to: port });
    const env = { HTTPS_PROXY: `http://${proxy.host}` };
    expect(await open(base, { env, ca: tls.cert })('x', 2)).toEqual(Buffer.from('ok'));
    expect(proxy.asked).toEqual([`127.0.0.1:${port}`]);
    await expect(open(base)('x', 2)).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
  });

  it.each([
    'http://tuf.example.net',
    'ftp://tuf.example.net',
    'https://user@tuf.example.net',
    'https://tuf.example.net/a/../b',
  ])('is not read at %s', (base) => {
    expect(() => open(base)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});

async function endless(response: {
  write(text: string): boolean;
  destroyed: boolean;
  once(event: 'drain', then: () => void): unknown;
}) {
  while (!response.destroyed)
    if (!response.write('1'.repeat(65_536))) await new Promise<void>((drained) => response.once('drain', drained));
}
