import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';

const timeoutMs = 120_000;

/** Takes connections and says what it is told to at the first bytes, then nothing. */
async function startSilent(answer: string): Promise<{ readonly port: number; readonly contacted: Promise<unknown> }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.once('data', () => socket.write(answer));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const contacted = once(server, 'connection').then(([socket]) => once(socket as Socket, 'data'));
  return { port: (server.address() as AddressInfo).port, contacted };
}

/** A process of its own that reads a blob until its standard input ends. */
const program = `
  import { openRegistry } from '${new URL('./open-registry.ts', import.meta.url).href}';
  const [origin, proxy] = process.argv.slice(1);
  const source = openRegistry({ origin: new URL(origin), env: { ALL_PROXY: proxy }, timeoutMs: ${timeoutMs} });
  const controller = new AbortController();
  process.stdin.once('end', () => controller.abort(new Error('Ctrl-C'))).resume();
  const wanted = { kind: 'blob', repository: 'team/x', digest: 'sha256:${'a'.repeat(64)}', limit: 1 };
  try {
    for await (const chunk of source.fetch(wanted, { signal: controller.signal }));
  } catch ({ message }) {
    console.log(message);
  }
`;

it.each([
  ['a registry', 'https://127.0.0.1', '', ''],
  ['an http proxy', 'https://registry.invalid', 'http:', ''],
  ['an https proxy', 'https://registry.invalid', 'https:', ''],
  ['a SOCKS proxy', 'https://registry.invalid', 'socks5h:', ''],
  ['a registry behind a proxy', 'https://registry.invalid', 'http:', 'HTTP/1.1 200 OK\r\n\r\n'],
])(
  'leaves nothing open that keeps the process after an abort, while %s is silent',
  async (_name, origin, proxy, answer) => {
    const { port, contacted } = await startSilent(answer);
    const args = proxy === '' ? [`${origin}:${port}`] : [origin, `${proxy}//127.0.0.1:${port}`];
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const said = text(child.stdout);
    const ended = once(child, 'exit');
    await contacted;
    child.stdin.end();
    expect(await ended).toEqual([0, null]); // long before the connection would time out
    expect(await said).toBe('Ctrl-C\n');
  },
);
