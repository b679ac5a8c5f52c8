import { once } from 'node:events';
import { isIP, type Socket } from 'node:net';
import type { ProxyCredentials } from './choose-proxy.ts';
import type { ProxyFailureReason } from './proxy-failure.ts';

/** Says whether the connection stands, and if not, whose fault the proxy says it is. */
export type HandshakeResult = 'connected' | { readonly reason: ProxyFailureReason; readonly what: string };

/** We have asked the registry nothing yet: whatever comes right behind a proxy's answer is not the registry's. */
export const STAGED = 'sent more than its answer';

const VERSION = 5;
const NO_AUTHENTICATION = 0;
const USERNAME_PASSWORD = 2;
const CONNECT = 1;

// Section 6: what lies beyond the proxy and may be otherwise the next time (through Tor: another circuit).
const TARGET_REPLIES: ReadonlyMap<number, string> = new Map([
  [1, 'failed'],
  [3, 'found the network unreachable'],
  [4, 'found the host unreachable'],
  [5, 'was refused the connection'],
  [6, 'got no answer in time'],
]);

/**
 * Asks a SOCKS5 proxy (RFC 1928) for a connection; names go to it unresolved. Credentials (RFC 1929) are always
 * offered, for Tor gives each pair of them a circuit of its own; a proxy that wants none says so.
 */
export async function socks5Handshake(
  socket: Socket,
  target: { readonly hostname: string; readonly port: number },
  credentials: ProxyCredentials,
  signal: AbortSignal,
): Promise<HandshakeResult> {
  const { read, hasMore } = readExactly(socket, signal);
  socket.write(Buffer.from([VERSION, 2, USERNAME_PASSWORD, NO_AUTHENTICATION]));
  const [version, method] = await read(2);
  if (version !== VERSION) return { reason: 'proxy', what: 'does not speak SOCKS5' };
  if (method === USERNAME_PASSWORD) {
    socket.write(Buffer.concat([Buffer.from([1]), counted(credentials.username), counted(credentials.password)]));
    const [, status] = await read(2);
    if (status !== 0) return { reason: 'proxy', what: 'did not accept the user name and password' };
  } else if (method !== NO_AUTHENTICATION) {
    return { reason: 'proxy', what: 'wants another kind of log-in' };
  }
  const port = Buffer.from([target.port >> 8, target.port & 0xff]);
  socket.write(Buffer.concat([Buffer.from([VERSION, CONNECT, 0]), addressOf(target.hostname), port]));
  return readReply(read, hasMore);
}

async function readReply(read: (count: number) => Promise<Buffer>, hasMore: () => boolean): Promise<HandshakeResult> {
  const [version, reply = 0, , type] = await read(4);
  if (version !== VERSION) return { reason: 'proxy', what: 'does not speak SOCKS5' };
  if (reply !== 0) {
    const what = TARGET_REPLIES.get(reply);
    return what ? { reason: 'proxy-target', what } : { reason: 'proxy', what: `refused (SOCKS5 reply ${reply})` };
  }
  const length = type === 1 ? 4 : type === 4 ? 16 : type === 3 ? (await read(1))[0] : undefined;
  if (length === undefined) return { reason: 'proxy', what: 'does not speak SOCKS5' };
  await read(length + 2); // the proxy's own address and port: of no use
  if (hasMore()) return { reason: 'proxy', what: STAGED };
  return 'connected';
}

function counted(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function addressOf(hostname: string): Buffer {
  const family = isIP(hostname);
  if (family === 4) return Buffer.from([1, ...hostname.split('.').map(Number)]);
  if (family === 6) return Buffer.concat([Buffer.from([4]), ipv6Bytes(hostname)]);
  return Buffer.concat([Buffer.from([3]), counted(hostname)]);
}

/** As URLs spell it: eight groups of hex digits, zeros shortened to `::` once. */
function ipv6Bytes(address: string): Buffer {
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  const groups = [...head, ...zeros, ...tail].map((group) => group.padStart(4, '0'));
  return Buffer.from(groups.join(''), 'hex');
}

/** Takes all that is there before it waits: a stream with a rest in it says "readable" again at once, for ever. */
function readExactly(socket: Socket, signal: AbortSignal) {
  let pending = Buffer.alloc(0);
  return {
    hasMore: () => pending.length > 0,
    async read(count: number): Promise<Buffer> {
      while (pending.length < count) {
        const chunk: Buffer | null = socket.read();
        if (chunk) pending = Buffer.concat([pending, chunk]);
        else if (!socket.destroyed) {
          await anyEvent(socket, ['readable', 'close'], signal);
        } else throw Object.assign(new Error('the proxy closed the connection'), { code: 'ECONNRESET' });
      }
      const bytes = pending.subarray(0, count);
      pending = pending.subarray(count);
      return bytes;
    },
  };
}

/** Fails with the socket's error or the signal. */
async function anyEvent(socket: Socket, events: readonly string[], signal: AbortSignal): Promise<void> {
  const settled = new AbortController();
  const either = { signal: AbortSignal.any([signal, settled.signal]) };
  try {
    await Promise.race(events.map((event) => once(socket, event, either)));
  } finally {
    settled.abort();
  }
}
