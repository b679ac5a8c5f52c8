import { describe, expect, it } from 'vitest';
import { mediaTypes } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { parseReference } from '../oci/reference.ts';
import { readVerified } from '../source/read-verified.ts';
import { signatureTag } from '../testing/signature-manifest.ts';
import { startTestRegistry, type TestRegistryOptions } from '../testing/test-registry.ts';
import { endlessBody, type Fault, type FaultHook } from '../testing/test-registry-fault.ts';
import { openRegistry, type RegistryOptions } from './open-registry.ts';
import { withoutPause } from './retry-policy.test-support.ts';

const repository = 'team/sandbox';
const manifest = Buffer.from('{"schemaVersion":2}');
const older = Buffer.from('{"schemaVersion":2,"older":true}');
const blob = Buffer.alloc(100_000, 'layer');
const signed = digestOf(Buffer.from('a digest with a .sig tag'));

async function start(
  fault?: FaultHook,
  options: Partial<RegistryOptions> = {},
  registryOptions: TestRegistryOptions = {},
) {
  const registry = await startTestRegistry({ ...registryOptions, ...(fault && { fault }) });
  const digest = registry.putManifest(repository, manifest, mediaTypes.ociIndex, 'latest');
  registry.putBlob(repository, blob);
  registry.putManifest(repository, manifest, mediaTypes.ociManifest, signatureTag(signed));
  const source = openRegistry({ origin: new URL(registry.origin), env: {}, retry: withoutPause, ...options });
  const reference = parseReference(`${registry.host}/${repository}:latest`);
  const read = (kind: 'manifest' | 'blob', wanted: Digest, limit = 1024 * 1024) =>
    readVerified(source, { kind, repository, digest: wanted, limit });
  return { registry, source, reference, digest, read, [Symbol.asyncDispose]: registry.close };
}

const on =
  (method: string, part: string, fault: Fault): FaultHook =>
  (request) =>
    request.method === method && request.path.includes(part) ? fault : undefined;

describe('resolve', () => {
  it('asks for a tag with one HEAD, on index and manifest types, uncompressed', async () => {
    await using started = await start();
    expect(await started.source.resolve(started.reference)).toBe(started.digest);
    expect(started.registry.requests).toEqual([`HEAD /v2/${repository}/manifests/latest`]);
    expect(started.registry.received[0]?.headers).toMatchObject({
      accept: expect.stringContaining(mediaTypes.dockerIndex),
      'accept-encoding': 'identity',
    });
  });

  it('makes no request for a reference that has a digest', async () => {
    await using started = await start();
    const pinned = parseReference(`${started.registry.host}/${repository}@${started.digest}`);
    expect(await started.source.resolve(pinned)).toBe(started.digest);
    expect(started.registry.requests).toEqual([]);
  });

  it('reads the tag latest where the reference has none', async () => {
    await using started = await start();
    expect(await started.source.resolve(parseReference(`${started.registry.host}/${repository}`))).toBe(started.digest);
  });

  it.each([
    ['refuses HEAD with 405', { status: 405 }],
    ['refuses HEAD with 501', { status: 501 }],
    ['names no digest', { headers: { 'docker-content-digest': undefined } }],
  ])('hashes the bytes of one GET where the registry %s', async (_name, fault) => {
    await using started = await start(on('HEAD', 'latest', fault));
    expect(await started.source.resolve(started.reference)).toBe(started.digest);
    expect(started.registry.requests.map((line) => line.split(' ')[0])).toEqual(['HEAD', 'GET']);
  });

  it.each([
    ['an upper-case digest', `sha256:${'A'.repeat(64)}`],
    ['63 digits', `sha256:${'a'.repeat(63)}`],
    ['another algorithm', `sha512:${'a'.repeat(128)}`],
    ['a path', 'sha256:../../x'],
    ['nothing', ''],
  ])('refuses a Docker-Content-Digest that is %s', async (_name, value) => {
    await using started = await start(on('HEAD', 'latest', { headers: { 'docker-content-digest': value } }));
    await expect(started.source.resolve(started.reference)).rejects.toMatchObject({ code: 'REGISTRY_ANSWER_INVALID' });
  });

  it('bad input 8: a good digest claimed over evil bytes refuses the bytes', async () => {
    await using started = await start(on('GET', 'manifests', { body: older }));
    const claimed = await started.source.resolve(started.reference);
    await expect(started.read('manifest', claimed)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  it('bad input 8: takes the digest of a GET from its bytes, whatever its header says', async () => {
    const hook: FaultHook = ({ method }) =>
      method === 'HEAD' ? { status: 405 } : { headers: { 'docker-content-digest': digestOf(older) } };
    await using started = await start(hook);
    expect(await started.source.resolve(started.reference)).toBe(started.digest);
  });

  it('bad input 10: reads a tag once, also when the tag moves at once; the rest goes by digest', async () => {
    await using started = await start();
    const { registry, source, reference, digest, read } = started;
    expect(await source.resolve(reference)).toBe(digest);
    registry.putManifest(repository, older, mediaTypes.ociIndex, 'latest');
    expect(await read('manifest', digest)).toEqual(manifest);
    expect(registry.requests.filter((line) => line.endsWith('/latest'))).toHaveLength(1);
  });

  it('bad input 22: reads a tag on a fresh connection, past an answer staged on a kept one', async () => {
    const body = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nDocker-Content-Digest: ';
    const staged = `${body}${digestOf(older)}\r\n\r\n`;
    await using started = await start(({ path }) => (path.includes('blobs') ? { staged } : undefined));
    const { registry, source, reference, digest, read } = started;
    await read('blob', digestOf(blob));
    expect(await source.resolve(reference)).toBe(digest);
    expect(await source.findSignatures(reference, digest)).toEqual([]);
    expect(new Set(registry.received.map(({ connection }) => connection)).size).toBe(3);
  });

  it('bad input 22: gives every reading of a tag a connection of its own, which serves nothing else', async () => {
    await using started = await start();
    const { registry, source, reference, digest, read } = started;
    await read('manifest', digest);
    await source.resolve(reference);
    await source.findSignatures(reference, digest);
    await source.resolve(reference);
    await read('manifest', digest);
    const tagReads = registry.received.filter(({ path }) => !path.endsWith(digest));
    expect(tagReads.map(({ headers }) => headers.connection)).toEqual(['close', 'close', 'close']);
    const others = registry.received.filter((request) => !tagReads.includes(request));
    expect(new Set([...tagReads, ...others.slice(0, 1)].map(({ connection }) => connection)).size).toBe(4);
  });
});

describe('fetch', () => {
  it('streams by digest and keeps its connections for further reads', async () => {
    await using started = await start();
    const { registry, read, digest } = started;
    for (let round = 0; round < 3; round++) {
      expect(await read('blob', digestOf(blob))).toEqual(blob);
      expect(await read('manifest', digest)).toEqual(manifest);
    }
    expect(new Set(registry.received.map(({ connection }) => connection)).size).toBeLessThan(3);
    expect(registry.requests).toContain(`GET /v2/${repository}/blobs/${digestOf(blob)}`);
  });

  it('reads a mirror below its prefix', async () => {
    await using registry = await startTestRegistry();
    const digest = registry.putManifest(`proxy/ghcr/${repository}`, manifest, mediaTypes.ociIndex, 'latest');
    const source = openRegistry({ origin: new URL(registry.origin), prefix: 'proxy/ghcr', env: {} });
    expect(await source.resolve(parseReference(`ghcr.io/${repository}`))).toBe(digest);
    expect(source.location).toBe(`${registry.origin}/proxy/ghcr`);
  });

  it('bad input 9: refuses older bytes under a digest', async () => {
    await using started = await start(on('GET', 'manifests', { body: older }));
    await expect(started.read('manifest', started.digest)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  it('bad input 37: builds no URL from what is no digest, and none from what is no repository', async () => {
    await using started = await start();
    const { registry, source, read } = started;
    await expect(read('blob', 'sha256:../../x' as Digest)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
    for (const odd of ['../../token', 'a/../b', 'a?b', 'a:b', 'A', '']) {
      const wanted = { kind: 'blob', repository: odd, digest: digestOf(blob), limit: 10 } as const;
      await expect(readVerified(source, wanted)).rejects.toMatchObject({ code: 'REFERENCE_INVALID' });
    }
    expect(registry.requests).toEqual([]);
  });

  it.each([
    ['manifest', 'REGISTRY_ANSWER_INVALID', '{"schemaVersion":2'],
    ['blob', 'LIMIT_EXCEEDED', 'x'],
  ] as const)('bad input 1: stops an endless %s at its limit and closes the connection', async (kind, code, first) => {
    const closed = Promise.withResolvers<number>();
    let sent = 0;
    const body = async function* () {
      try {
        for await (const chunk of endlessBody(first)) {
          sent += chunk.length;
          yield chunk;
        }
      } finally {
        closed.resolve(sent);
      }
    };
    await using started = await start(({ method }) =>
      method === 'GET' ? { headers: { 'content-length': undefined }, body: body() } : undefined,
    );
    const limit = 256 * 1024;
    await expect(started.read(kind, kind === 'blob' ? digestOf(blob) : started.digest, limit)).rejects.toMatchObject({
      code,
    });
    expect(await closed.promise).toBeLessThan(20 * limit); // what the sockets buffer, no more
  });

  it('bad input 1: stops an endless manifest that a tag is resolved by', async () => {
    const hook: FaultHook = ({ method }) =>
      method === 'HEAD' ? { status: 405 } : { headers: { 'content-length': undefined }, body: endlessBody('{') };
    await using started = await start(hook);
    await expect(started.source.resolve(started.reference)).rejects.toMatchObject({ code: 'REGISTRY_ANSWER_INVALID' });
  });

  it('reads nothing of a body that is announced as too long', async () => {
    await using started = await start(on('GET', 'blobs', { contentLength: 2 ** 31, stallAfter: 0 }));
    await expect(started.read('blob', digestOf(blob))).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  it.each([
    ['gzip', 'gzip'],
    ['two codings', 'identity, gzip'],
    ['an unknown one', 'x'],
  ])('bad input 4: refuses a Content-Encoding, %s, and inflates nothing', async (_name, encoding) => {
    await using started = await start(() => ({ headers: { 'content-encoding': encoding } }));
    const expected = { code: 'MANIFEST_INVALID' };
    await expect(started.read('manifest', started.digest)).rejects.toMatchObject(expected);
    await expect(started.read('blob', digestOf(blob))).rejects.toMatchObject(expected);
    await expect(started.source.resolve(started.reference)).rejects.toMatchObject(expected);
    await expect(started.source.findSignatures(started.reference, signed)).rejects.toMatchObject(expected);
  });

  it.each<[string, Fault]>([
    ['200 with a web page', { headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<html>Log in</html>' }],
    ['200 with nothing', { body: '' }],
    ['204', { status: 204, body: '' }],
    ['206 without being asked for a part', { status: 206 }],
    ['300', { status: 300 }],
    ['418', { status: 418 }],
  ])('bad input 18: %s is no answer of a registry', async (_name, fault) => {
    await using started = await start(() => fault);
    const expected = { code: 'REGISTRY_ANSWER_INVALID', suggestions: [expect.any(String)] };
    await expect(started.read('manifest', started.digest)).rejects.toMatchObject(expected);
    await expect(started.read('blob', digestOf(blob))).rejects.toMatchObject(expected);
    await expect(started.source.findSignatures(started.reference, signed)).rejects.toMatchObject(expected);
    const withoutDigest = { ...fault, headers: { ...fault.headers, 'docker-content-digest': undefined } };
    await using again = await start(() => withoutDigest);
    await expect(again.source.resolve(again.reference)).rejects.toMatchObject(expected);
  });

  it.each([
    [403, 'REGISTRY_DENIED'],
    [404, 'IMAGE_NOT_FOUND'],
    [408, 'REGISTRY_ANSWER_INVALID'],
    [429, 'REGISTRY_UNREACHABLE'],
    [500, 'REGISTRY_UNREACHABLE'],
    [503, 'REGISTRY_UNREACHABLE'],
  ])('turns HTTP %i into %s', async (status, code) => {
    await using started = await start(() => ({ status, body: '{"errors":[]}' }));
    await expect(started.source.resolve(started.reference)).rejects.toMatchObject({
      code,
      details: { httpStatus: status },
    });
    await expect(started.read('manifest', started.digest)).rejects.toMatchObject({ code });
  });
});

describe('redirects', () => {
  it('bad input 6: follows a blob to another origin without the token', async () => {
    await using storage = await startTestRegistry();
    storage.putBlob(repository, blob);
    const location = `${storage.origin}/v2/${repository}/blobs/${digestOf(blob)}`;
    await using started = await start(
      on('GET', 'blobs', { status: 307, headers: { location }, body: '' }),
      {},
      { auth: 'token' },
    );
    expect(await started.read('blob', digestOf(blob))).toEqual(blob);
    expect(started.registry.received.at(-1)?.headers.authorization).toBeUndefined();
    // The storage asked for nothing, and got nothing.
    expect(storage.received.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    expect(await started.read('manifest', started.digest)).toEqual(manifest);
    expect(await started.read('blob', digestOf(blob))).toEqual(blob);
    expect(started.registry.received.at(-1)?.headers.authorization).toMatch(/^Bearer /);
    expect(storage.received.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
  });

  it('bad input 5: ends a redirect loop', async () => {
    await using started = await start(({ path }) => ({ status: 302, headers: { location: path } }));
    await expect(started.source.resolve(started.reference)).rejects.toMatchObject({ code: 'REGISTRY_ANSWER_INVALID' });
    expect(started.registry.requests.length).toBe(6);
  });
});
