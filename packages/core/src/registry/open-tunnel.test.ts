import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { mediaTypes } from '../oci/descriptor.ts';
import { parseReference } from '../oci/reference.ts';
import { createTestCertificate } from '../testing/test-certificate.ts';
import { startHttpProxy, startSocksProxy } from '../testing/test-proxy.ts';
import { startTestRegistry } from '../testing/test-registry.ts';
import { openRegistry, type RegistryOptions } from './open-registry.ts';
import { openSources } from './open-sources.ts';
import { withoutPause } from './retry-policy.test-support.ts';

const repository = 'team/sandbox';
// No DNS knows it: whoever reads from there had the proxy look it up.
const host = 'registry.invalid';
const reference = parseReference(`${host}/${repository}:latest`);
const certificate = createTestCertificate({ host });
const proxyCertificate = createTestCertificate();
const ca = certificate.cert + proxyCertificate.cert;

async function start(options: { readonly tls?: typeof certificate } = { tls: certificate }) {
  const registry = await startTestRegistry(options);
  const digest = registry.putManifest(repository, Buffer.from('{}'), mediaTypes.ociIndex, 'latest');
  const origin = new URL(`https://${host}`);
  const open = (env: RegistryOptions['env'], more: Partial<RegistryOptions> = {}) =>
    openRegistry({ origin, env: env ?? {}, ca, retry: withoutPause, ...more });
  return { registry, digest, open, port: Number(new URL(registry.origin).port), [Symbol.asyncDispose]: registry.close };
}

describe('acceptance 12: a proxy that is set', () => {
  it.each([
    ['http', undefined],
    ['https', proxyCertificate],
  ])('tunnels through an %s proxy, which looks up the name and sees no request', async (kind, tls) => {
    await using started = await start();
    await using proxy = await startHttpProxy({ to: started.port, ...(tls && { tls }) });
    const source = started.open({ HTTPS_PROXY: `${kind}://us%40er:pw@${proxy.host}` });
    expect(await source.resolve(reference)).toBe(started.digest);
    expect(proxy.asked).toEqual([`${host}:443`]);
    expect(proxy.headers[0]?.['proxy-authorization']).toBe(`Basic ${btoa('us@er:pw')}`);
    expect(started.registry.received[0]?.headers['proxy-authorization']).toBeUndefined();
  });

  it.each(['socks5', 'socks5h'])('goes through %s, which looks up the name', async (kind) => {
    await using started = await start();
    await using proxy = await startSocksProxy({ to: started.port });
    const source = started.open({ ALL_PROXY: `${kind}://us%40er:pw@${proxy.host}` });
    expect(await source.resolve(reference)).toBe(started.digest);
    expect(proxy.asked).toEqual([`3 ${host} 443`]);
    expect(proxy.logins).toEqual(['\x01\x05us@er\x02pw']);
  });

  it('goes through a SOCKS proxy that wants no log-in, and reads several things', async () => {
    await using started = await start();
    await using proxy = await startSocksProxy({ to: started.port, method: 0 });
    const source = started.open({ ALL_PROXY: `socks5h://${proxy.host}` });
    expect(await source.resolve(reference)).toBe(started.digest);
    expect(await source.findSignatures(reference, started.digest)).toEqual([]);
    expect(proxy.logins).toEqual([]);
  });

  it.each([
    ['http://127.0.0.1', '1 7f000001 80'],
    ['http://[::1]:5000', '4 00000000000000000000000000000001 5000'],
  ])('asks a SOCKS proxy for the address %s, and goes through it to loopback as well', async (origin, asked) => {
    await using started = await start({});
    await using proxy = await startSocksProxy({ to: started.port });
    const source = started.open({ ALL_PROXY: `socks5h://${proxy.host}` }, { origin: new URL(origin) });
    expect(await source.resolve(reference)).toBe(started.digest);
    expect(proxy.asked).toEqual([asked]);
  });

  it('tunnels plain http too', async () => {
    await using started = await start({});
    await using proxy = await startHttpProxy({ to: started.port });
    const source = started.open({ http_proxy: proxy.host }, { origin: new URL('http://[::1]:5000') });
    expect(await source.resolve(reference)).toBe(started.digest);
    expect(proxy.asked).toEqual(['[::1]:5000']);
  });

  it('puts a run on one circuit, all its mirrors and connections, and another run on another', async () => {
    await using started = await start();
    await using proxy = await startSocksProxy({ to: started.port });
    const env = { ALL_PROXY: `socks5h://${proxy.host}` };
    const mirrors = ['https://one.invalid', 'https://two.invalid'];
    for (const _run of [1, 2]) {
      const source = openSources({ reference, mirrors, env, ca, retry: withoutPause });
      expect(await source.resolve(reference)).toBe(started.digest); // the certificate is the last one's alone
    }
    expect(new Set(proxy.asked).size).toBe(3);
    const [first, ...others] = proxy.logins;
    expect(proxy.logins.map((login) => login === first)).toEqual([true, true, true, false, false, false]);
    expect(new Set(others).size).toBe(2);
  });

  it('passes by the proxy for what NO_PROXY names', async () => {
    await using started = await start({});
    const env = { ALL_PROXY: 'http://127.0.0.1:1', NO_PROXY: '127.0.0.1' };
    expect(await started.open(env, { origin: new URL(started.registry.origin) }).resolve(reference)).toBe(
      started.digest,
    );
  });
});

describe('bad input 20: a proxy that is dead or hostile', () => {
  it.each(['http', 'https', 'socks5', 'socks5h'])(
    'acceptance 12: nothing goes around a dead %s proxy',
    async (kind) => {
      await using started = await start({});
      const dead = await startSocksProxy({ to: started.port });
      await dead.close();
      const source = started.open(
        { ALL_PROXY: `${kind}://user:SECRET@${dead.host}` },
        { origin: new URL(started.registry.origin) },
      );
      const error = await source.resolve(reference).catch((failure: unknown) => failure);
      expect(error).toMatchObject({
        code: 'REGISTRY_UNREACHABLE',
        message: expect.stringContaining(dead.host),
        details: { reason: 'proxy', proxy: `${kind}://${dead.host}` },
      });
      expect(inspect(error, { depth: 9 })).not.toMatch(/SECRET|U0VDUkVU/);
      expect(started.registry.received).toEqual([]);
    },
  );

  it.each([
    ['wants a log-in', 'HTTP/1.1 407 Log in\r\nContent-Length: 0\r\n\r\n', 'proxy', 1],
    ['forbids it', 'HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n', 'proxy', 1],
    ['answers with a page', 'HTTP/1.1 302 Here\r\nLocation: http://evil.example/\r\n\r\n', 'proxy', 1],
    ['does not get there', 'HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n', 'proxy-target', 4],
    ['speaks something else', 'SSH-2.0-x\r\n', 'proxy', 1],
    ['sends endless headers', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`, 'proxy', 1],
    ['hangs up', ' ', 'proxy', 1],
    ['says nothing', '', 'proxy-target', 4],
    ['stages an answer', 'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx', 'proxy', 1],
  ])('names an http proxy that %s', async (_name, raw, reason, tries) => {
    await using started = await start();
    await using proxy = await startHttpProxy({ to: started.port, raw });
    const source = started.open({ ALL_PROXY: `http://${proxy.host}` }, raw === '' ? { timeoutMs: 300 } : {});
    await expect(source.resolve(reference)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      details: { reason, proxy: `http://${proxy.host}` },
    });
    expect(proxy.asked).toHaveLength(tries);
    expect(started.registry.received).toEqual([]);
    await proxy.idle();
  });

  it.each([
    ['speaks something else', { raw: '485454502f312e31' }, 'proxy'],
    ['takes no log-in', { raw: '05ff' }, 'proxy'],
    ['wants an unknown log-in', { raw: '0501' }, 'proxy'],
    ['hangs up', { raw: '' }, 'proxy'],
    ['hangs up half-way', { raw: '05' }, 'proxy'],
    ['forbids it', { reply: 2 }, 'proxy'],
    ['knows no such command', { reply: 7 }, 'proxy'],
    ['failed', { reply: 1 }, 'proxy-target'],
    ['did not find the host', { reply: 4 }, 'proxy-target'],
    ['stages an answer', { staged: '48545450' }, 'proxy'],
  ])('bad input 22: names a SOCKS proxy that %s', async (_name, options, reason) => {
    await using started = await start();
    await using proxy = await startSocksProxy({ to: started.port, ...options });
    await expect(started.open({ ALL_PROXY: `socks5h://${proxy.host}` }).resolve(reference)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      details: { reason, proxy: `socks5h://${proxy.host}` },
    });
    expect(started.registry.received).toEqual([]);
    await proxy.idle();
  });

  it('says so where the proxy wants a user name', async () => {
    await using started = await start();
    await using proxy = await startHttpProxy({ to: started.port, raw: 'HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n' });
    const message = expect.stringContaining('user name');
    await expect(started.open({ ALL_PROXY: proxy.host }).resolve(reference)).rejects.toMatchObject({ message });
  });

  it.each([
    ['of an unknown authority', createTestCertificate({ host })],
    ['for another name', proxyCertificate],
  ])('refuses a proxy that answers in the registry’s place, and names it: certificate %s', async (_name, tls) => {
    await using impostor = await start({ tls });
    await using proxy = await startHttpProxy({ to: impostor.port });
    await expect(impostor.open({ ALL_PROXY: `http://${proxy.host}` }).resolve(reference)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringContaining(proxy.host),
      details: { reason: 'tls', proxy: `http://${proxy.host}` },
    });
    expect(impostor.registry.received).toEqual([]);
  });

  it('refuses an https proxy whose certificate is not trusted', async () => {
    await using started = await start();
    await using proxy = await startHttpProxy({ to: started.port, tls: createTestCertificate() });
    await expect(started.open({ ALL_PROXY: `https://${proxy.host}` }).resolve(reference)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      details: { reason: 'proxy' },
    });
    expect(proxy.asked).toEqual([]);
  });

  it('refuses an https proxy whose certificate is for the registry', async () => {
    await using started = await start();
    await using proxy = await startHttpProxy({ to: started.port, tls: certificate });
    await expect(started.open({ ALL_PROXY: `https://${proxy.host}` }).resolve(reference)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      details: { reason: 'proxy' },
    });
    expect(proxy.asked).toEqual([]);
  });

  it('ends at once with an abort while the proxy is silent', async () => {
    await using started = await start();
    await using proxy = await startHttpProxy({ to: started.port, raw: '' });
    const reason = new Error('Ctrl-C');
    const controller = new AbortController();
    const source = started.open({ ALL_PROXY: `http://${proxy.host}` });
    const refused = expect(source.resolve(reference, { signal: controller.signal })).rejects.toBe(reason);
    controller.abort(reason);
    await refused;
  });
});
