import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { socks5Handshake } from './socks5-handshake.ts';

const credentials = { username: 'jane', password: 'pw' };
const target = { hostname: 'ghcr.io', port: 443 };
const GREETING = '05020200';
const LOGIN = '01046a616e65027077';
const REQUEST = '050100030767686372 2e696f01bb'.replace(' ', '');

/** A proxy that gives these answers in turn, hex, whatever it is sent; then it is silent. */
async function startScript(answers: readonly string[]) {
  const sent: string[] = [];
  const rest = [...answers];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      sent.push(bytes.toString('hex'));
      socket.write(Buffer.from(rest.shift() ?? '', 'hex'));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  onTestFinished(() => {
    socket.destroy();
    server.close();
  });
  return { socket, sent };
}

async function shake(answers: readonly string[], to = target) {
  const { socket, sent } = await startScript(answers);
  const listeners = () => ['readable', 'close', 'error'].map((event) => socket.listenerCount(event));
  const before = listeners();
  const result = await socks5Handshake(socket, to, credentials, new AbortController().signal);
  expect(listeners()).toEqual(before); // whoever reads on is alone
  return { result, sent };
}

describe('socks5Handshake', () => {
  it.each([
    ['with a log-in', ['0502', '0100', '05000001000000000000'], [GREETING, LOGIN, REQUEST]],
    ['without one, where the proxy wants none', ['0500', '05000001000000000000'], [GREETING, REQUEST]],
    ['that gives an IPv6 address as its own', ['0500', `05000004${'00'.repeat(18)}`], [GREETING, REQUEST]],
    ['that gives a name as its own', ['0500', '0500000305706f72743000aa'], [GREETING, REQUEST]],
    ['that gives an empty name as its own', ['0500', '050000030000aa'], [GREETING, REQUEST]],
  ])('RFC 1928: connects %s', async (_name, answers, expected) => {
    expect(await shake(answers)).toEqual({ result: 'connected', sent: expected });
  });

  it.each([
    ['127.0.0.1', '050100017f00000101bb'],
    ['2001:db8::1:0:2', '0501000420010db800000000000000010000000201bb'],
    ['::', `05010004${'00'.repeat(16)}01bb`],
    ['1:2:3:4:5:6:7:8', '05010004000100020003000400050006000700080 1bb'.replace(' ', '')],
  ])('asks for the address %s', async (hostname, expected) => {
    const { sent } = await shake(['0500', '05000001000000000000'], { ...target, hostname });
    expect(sent.at(-1)).toBe(expected);
  });

  it.each([
    ['another version', ['0400'], 'proxy', /SOCKS5/],
    ['no log-in that we have', ['05ff'], 'proxy', /log-in/],
    ['a log-in that it did not offer', ['0501'], 'proxy', /log-in/],
    ['that the log-in is wrong', ['0502', '0101'], 'proxy', /password/],
    ['another version behind the log-in', ['0500', '04000001000000000000'], 'proxy', /SOCKS5/],
    ['that it may not', ['0500', '05020001000000000000'], 'proxy', /reply 2/],
    ['that it did not get there', ['0500', '05050001000000000000'], 'proxy-target', /refused/],
    ['an address of an unknown kind', ['0500', '05000009000000000000'], 'proxy', /SOCKS5/],
    ['more than its answer', ['0500', '0500000100000000000000'], 'proxy', /more/],
    ['an IPv6 address and more', ['0500', `05000004${'00'.repeat(19)}`], 'proxy', /more/],
  ])('bad input 20: takes no connection from a proxy that says %s', async (_name, answers, reason, what) => {
    expect((await shake(answers)).result).toEqual({ reason, what: expect.stringMatching(what) });
  });

  it.each([
    ['at once', []],
    ['in the middle of an answer', ['05']],
    ['before its last answer', ['0502', '0100']],
  ])('ends with the signal where the proxy falls silent %s', async (_name, answers) => {
    const { socket, sent } = await startScript(answers);
    const controller = new AbortController();
    const refused = expect(socks5Handshake(socket, target, credentials, controller.signal)).rejects.toMatchObject({
      code: 'ABORT_ERR',
    });
    await expect.poll(() => sent.length).toBe(Math.max(1, answers.length + (answers[0] === '05' ? 0 : 1)));
    controller.abort();
    await refused;
  });

  it('does not wait on a connection that is gone', async () => {
    const { socket } = await startScript([]);
    socket.destroy();
    await once(socket, 'close');
    await expect(socks5Handshake(socket, target, credentials, new AbortController().signal)).rejects.toMatchObject({
      code: expect.any(String),
    });
  });
});
