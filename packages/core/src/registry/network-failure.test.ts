import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { mediaTypes } from '../oci/descriptor.ts';
import { digestOf } from '../oci/digest.ts';
import { parseReference } from '../oci/reference.ts';
import { readVerified } from '../source/read-verified.ts';
import { createTestCertificate } from '../testing/test-certificate.ts';
import { startTestRegistry } from '../testing/test-registry.ts';
import { endlessBody, type Fault, type FaultHook } from '../testing/test-registry-fault.ts';
import { networkFailure } from './network-failure.ts';
import { openRegistry, type RegistryOptions } from './open-registry.ts';
import { once as oneTry, withoutPause } from './retry-policy.test-support.ts';

const repository = 'team/sandbox';
const reference = parseReference(`registry.example.org/${repository}:latest`);
const blob = Buffer.alloc(50_000, 'layer');
const patient = { timeoutMs: 10_000, deadlineMs: 20_000, env: {}, retry: withoutPause };

async function start(fault?: FaultHook, options: Partial<RegistryOptions> = {}) {
  const registry = await startTestRegistry(fault ? { fault } : {});
  registry.putManifest(repository, Buffer.from('{}'), mediaTypes.ociIndex, 'latest');
  registry.putBlob(repository, blob);
  const source = openRegistry({ origin: new URL(registry.origin), ...patient, ...options });
  const readBlob = (signal?: AbortSignal) =>
    readVerified(
      source,
      { kind: 'blob', repository, digest: digestOf(blob), size: blob.length, limit: 2 * blob.length },
      signal ? { signal } : {},
    );
  return { registry, source, readBlob, [Symbol.asyncDispose]: registry.close };
}

/** One byte now and then, far more often than the idle limit. */
async function* drip(): AsyncGenerator<Uint8Array> {
  for (;;) {
    yield Buffer.from(' ');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('a registry that does not answer', () => {
  it.concurrent.each<[string, Fault]>([
    ['no headers', { stallAfter: -1 }],
    ['headers, then no body', { stallAfter: 0 }],
    ['a body that stops half-way', { stallAfter: 1000 }],
  ])('bad input 2: gives up on silence: %s', async (_name, fault) => {
    await using started = await start(() => fault, { timeoutMs: 60, retry: oneTry });
    await expect(started.readBlob()).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      details: { reason: 'timeout' },
    });
  });

  it('bad input 2: gives up on a tag that drips, when its time is over', async () => {
    const fault: Fault = { headers: { 'content-length': undefined, 'docker-content-digest': undefined }, body: drip() };
    await using started = await start(({ method }) => (method === 'HEAD' ? { status: 405 } : fault), {
      timeoutMs: 10_000,
      deadlineMs: 80,
    });
    await expect(started.source.resolve(reference)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      details: { reason: 'timeout' },
    });
  });

  it('bad input 2: gives up on a blob that drips, when its time and that of its size are over', async () => {
    const fault: Fault = { headers: { 'content-length': undefined }, body: drip() };
    await using started = await start(() => fault, { timeoutMs: 10_000, deadlineMs: 50 });
    const small = { kind: 'blob', repository, digest: digestOf(blob), size: 120, limit: 120 } as const;
    await expect(readVerified(started.source, small)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      details: { reason: 'timeout' },
    });
  });

  it('bad input 2: gives up on a handshake (TLS) that gets no answer', async () => {
    const server = createServer((socket) => void socket.on('error', () => {}));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const origin = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const source = openRegistry({ origin, timeoutMs: 60, deadlineMs: 60_000, env: {}, retry: oneTry });
    await expect(source.resolve(reference)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      details: { reason: 'timeout' },
    });
    server.close();
  });

  it('bad input 2: gives up on headers that drip', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket.write('x'), 5);
      socket.on('close', () => clearInterval(timer));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const origin = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const source = openRegistry({ origin, timeoutMs: 10_000, deadlineMs: 80, env: {} });
    await expect(source.resolve(reference)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      details: { reason: 'timeout' },
    });
    server.close();
  });

  it.each<[string, Fault]>([
    ['cut before the headers', { resetAfter: -1 }],
    ['cut within the body', { resetAfter: 1000 }],
    [
      'Content-Length longer than the body',
      { contentLength: blob.length + 1, body: blob.subarray(0, 1000), resetAfter: 1000 },
    ],
  ])('bad input 3: a connection that breaks is no digest mismatch: %s', async (_name, fault) => {
    await using started = await start(() => fault);
    await expect(started.readBlob()).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
  });

  it('bad input 3: Content-Length shorter than the body never passes for the whole', async () => {
    await using started = await start(() => ({ contentLength: 1000 }));
    await expect(started.readBlob()).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      details: { reason: 'short', received: 4000, size: blob.length },
    });
  });

  it('says that the connection was refused, and by whom', async () => {
    const registry = await startTestRegistry();
    await registry.close();
    const source = openRegistry({ origin: new URL(registry.origin), ...patient });
    await expect(source.resolve(reference)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringContaining(registry.host),
      details: { reason: 'refused', systemCode: 'ECONNREFUSED' },
      suggestions: expect.arrayContaining([expect.any(String)]),
      cause: expect.any(Error),
    });
  });

  it('says that headers of 1 MB are no HTTP that it reads', async () => {
    await using started = await start(() => ({ headers: { 'x-long': 'a'.repeat(1024 * 1024) } }));
    await expect(started.source.resolve(reference)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      details: { reason: 'protocol' },
    });
  });
});

describe('an abort', () => {
  const reason = new Error('the user pressed Ctrl-C');

  it('ends a request that waits for headers, at once and with its own reason', async () => {
    const asked = Promise.withResolvers<void>();
    const hook: FaultHook = () => {
      asked.resolve();
      return { stallAfter: -1 };
    };
    await using started = await start(hook, { timeoutMs: 60_000 });
    const controller = new AbortController();
    const refused = expect(started.source.resolve(reference, { signal: controller.signal })).rejects.toBe(reason);
    await asked.promise;
    controller.abort(reason);
    await refused;
  });

  it('ends a body in the middle', async () => {
    await using started = await start(() => ({ headers: { 'content-length': undefined }, body: endlessBody('x') }), {
      timeoutMs: 60_000,
    });
    const controller = new AbortController();
    const wanted = { kind: 'blob', repository, digest: digestOf(blob), limit: 2 ** 40 } as const;
    const reading = (async () => {
      for await (const _chunk of started.source.fetch(wanted, { signal: controller.signal })) controller.abort(reason);
    })();
    await expect(reading).rejects.toBe(reason);
  });

  it('makes no request when it came before', async () => {
    await using started = await start();
    await expect(started.readBlob(AbortSignal.abort(reason))).rejects.toBe(reason);
    await expect(started.source.resolve(reference, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(started.registry.requests).toEqual([]);
  });
});

describe('TLS', () => {
  const DAY_MS = 86_400_000;
  const resolveAt = async (tls: { key: string; cert: string }, options: Partial<RegistryOptions> = {}) => {
    await using registry = await startTestRegistry({ tls });
    const digest = registry.putManifest(repository, Buffer.from('{}'), mediaTypes.ociIndex, 'latest');
    const source = openRegistry({ origin: new URL(registry.origin), env: {}, ...options });
    return (await source.resolve(reference)) === digest;
  };

  it('reads over https where the certificate is right', async () => {
    const certificate = createTestCertificate();
    expect(await resolveAt(certificate, { ca: certificate.cert })).toBe(true);
  });

  it.each([
    ['self-signed', createTestCertificate(), false],
    ['expired', createTestCertificate({ notAfter: new Date(Date.now() - DAY_MS / 2) }), true],
    ['not valid yet', createTestCertificate({ notBefore: new Date(Date.now() + DAY_MS / 2) }), true],
    ['for another host', createTestCertificate({ host: 'registry.example.org' }), true],
  ])(
    'bad input 19: refuses a certificate that is %s, whatever NODE_TLS_REJECT_UNAUTHORIZED says',
    async (_name, certificate, isKnown) => {
      const options = isKnown ? { ca: certificate.cert } : {};
      const expected = { code: 'REGISTRY_UNREACHABLE', details: { reason: 'tls' } };
      await expect(resolveAt(certificate, options)).rejects.toMatchObject(expected);
      // Node reads this variable itself, at each connection: only the real one shows that it has no effect.
      const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
      try {
        await expect(resolveAt(certificate, options)).rejects.toMatchObject(expected);
      } finally {
        if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
        else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
      }
    },
  );
});

describe('networkFailure', () => {
  it.each([
    ['ENOTFOUND', 'dns'],
    ['EAI_AGAIN', 'dns'],
    ['ECONNREFUSED', 'refused'],
    ['ENETUNREACH', 'unreachable'],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'tls'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
    ['CERT_HAS_EXPIRED', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
    ['HPE_INVALID_CONSTANT', 'protocol'],
    ['ECONNRESET', 'broken'],
    ['UND_ERR_SOCKET', 'broken'],
    ['made-up \x1b code', 'broken'],
  ])('tells %s as %s, with the host and a way out, and not in the other side’s words', (code, reason) => {
    const foreign = Object.assign(new Error('text of the \x1b other side'), { code, data: 'SECRET' });
    const error = networkFailure(foreign, new URL('https://ghcr.io'));
    expect(error).toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      details: { reason },
      suggestions: expect.arrayContaining([expect.any(String)]),
    });
    expect(error.cause).toMatchObject({ message: 'Error: text of the \\x1b other side' });
    expect(inspect(error)).not.toContain('SECRET');
    expect(error.message).toContain('ghcr.io');
    expect(error.message).not.toContain('other side');
    expect(error.message).not.toContain('\x1b');
  });
});
