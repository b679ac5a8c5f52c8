import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { mediaTypes } from '../oci/descriptor.ts';
import { parseReference } from '../oci/reference.ts';
import { readVerified } from '../source/read-verified.ts';
import { startTestRegistry } from '../testing/test-registry.ts';
import { endlessBody, type Fault, type FaultHook } from '../testing/test-registry-fault.ts';
import { openRegistry } from './open-registry.ts';
import { withoutPause } from './retry-policy.test-support.ts';

const repository = 'team/sandbox';
const reference = parseReference(`registry.example.org/${repository}:latest`);

async function start(fault?: FaultHook) {
  const registry = await startTestRegistry({ auth: 'token', ...(fault && { fault }) });
  const digest = registry.putManifest(repository, Buffer.from('{}'), mediaTypes.ociIndex, 'latest');
  const source = openRegistry({ origin: new URL(registry.origin), env: {}, retry: withoutPause });
  const paths = () => registry.requests.map((line) => line.split('?')[0]);
  return { registry, source, digest, paths, [Symbol.asyncDispose]: registry.close };
}

const atToken =
  (fault: Fault): FaultHook =>
  ({ path }) =>
    path.startsWith('/token') ? fault : undefined;
const atTag =
  (fault: Fault): FaultHook =>
  ({ path }) =>
    path.startsWith('/token') ? undefined : fault;
const challenge = (value: string): Fault => ({ status: 401, headers: { 'www-authenticate': value }, body: '{}' });

describe('a registry that wants a token', () => {
  it('gets one without credentials, and uses it for further reads of the repository', async () => {
    await using started = await start();
    const { registry, source, digest, paths } = started;
    expect(await source.resolve(reference)).toBe(digest);
    await readVerified(source, { kind: 'manifest', repository, digest, limit: 10 });
    const tag = `/v2/${repository}/manifests/latest`;
    expect(paths()).toEqual([`HEAD ${tag}`, 'GET /token', `HEAD ${tag}`, `GET /v2/${repository}/manifests/${digest}`]);
    const atRealm = registry.received[1];
    expect(new URL(atRealm?.path ?? '', registry.origin).searchParams.get('service')).toBe(registry.host);
    expect(atRealm?.headers.authorization).toBeUndefined();
  });

  it('asks for a token of its own for each repository, a mirror’s prefix included', async () => {
    await using started = await start();
    const { registry } = started;
    registry.putManifest(`proxy/${repository}`, Buffer.from('{}'), mediaTypes.ociIndex, 'latest');
    const mirror = openRegistry({ origin: new URL(registry.origin), prefix: 'proxy', env: {} });
    expect(await mirror.resolve(reference)).toBe(started.digest);
    expect(decodeURIComponent(registry.requests[1] ?? '')).toContain(`scope=repository:proxy/${repository}:pull`);
  });

  it('bad input 25: asks for pull of this repository, whatever the challenge asks for', async () => {
    await using started = await start((request) => {
      if (request.path.startsWith('/token') || request.headers.authorization) return undefined;
      const realm = `http://${request.headers.host}/token?scope=repository:other:push`;
      return challenge(`Bearer realm="${realm}",service="x",scope="repository:*:push"`);
    });
    expect(await started.source.resolve(reference)).toBe(started.digest);
    const asked = new URL(started.registry.received[1]?.path ?? '', started.registry.origin).searchParams;
    expect(asked.getAll('scope')).toEqual([`repository:${repository}:pull`]);
  });

  it('takes a token that is only called access_token, whatever its expiry', async () => {
    let issued = '';
    await using started = await start(({ path, headers }) => {
      if (path.startsWith('/token')) return { body: JSON.stringify({ access_token: 'a-token', expires_in: -1 }) };
      issued = headers.authorization ?? '';
      return issued === 'Bearer a-token'
        ? { status: 200, headers: { 'docker-content-digest': `sha256:${'0'.repeat(64)}` } }
        : undefined;
    });
    expect(await started.source.resolve(reference)).toBe(`sha256:${'0'.repeat(64)}`);
    expect(issued).toBe('Bearer a-token');
  });

  it.each<[string, Fault]>([
    ['not JSON', { body: '<html>' }],
    ['nothing', { body: '' }],
    ['a list', { body: '[]' }],
    ['no token', { body: '{"expires_in":300}' }],
    ['a number', { body: '{"token":12}' }],
    ['null', { body: '{"token":null}' }],
    ['an empty token', { body: '{"token":""}' }],
    ['a token with CR and LF', { body: JSON.stringify({ token: 'SECRET\r\nX-Injected: 1' }) }],
    ['a token with a space', { body: JSON.stringify({ token: 'SECRET two' }) }],
    ['a token beyond ASCII', { body: JSON.stringify({ token: 'SECRETé' }) }],
    ['a token of 10 kB', { body: JSON.stringify({ token: 'SECRET'.repeat(2000) }) }],
    ['two tokens', { body: '{"token":"SECRET","token":"b"}' }],
    ['100 MB', { headers: { 'content-length': undefined }, body: endlessBody('{"token":"') }],
    ['a web page', { headers: { 'content-type': 'text/html' }, body: '<html>' }],
    ['404', { status: 404, body: '{}' }],
  ])('bad input 26: refuses a token reply with %s', async (_name, fault) => {
    await using started = await start(atToken(fault));
    const error = await started.source.resolve(reference).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'REGISTRY_ANSWER_INVALID' });
    expect(inspect(error)).not.toContain('SECRET');
    expect(started.paths().at(-1)).toBe('GET /token');
  });

  it.each([
    [
      'https elsewhere is asked without credentials, and nothing is sent there but the question',
      401,
      'REGISTRY_DENIED',
    ],
    ['403, as for an unknown image', 403, 'REGISTRY_DENIED'],
    ['503', 503, 'REGISTRY_UNREACHABLE'],
  ])('bad input 23: a realm that refuses an anonymous question: %s', async (_name, status, code) => {
    await using evil = await startTestRegistry({ fault: () => ({ status, body: '{}' }) });
    await using started = await start(atTag(challenge(`Bearer realm="${evil.origin}/t"`)));
    await expect(started.source.resolve(reference)).rejects.toMatchObject({ code });
    expect(evil.requests).toHaveLength(status === 503 ? 4 : 1);
    for (const { headers } of evil.received) {
      expect(Object.keys(headers).sort()).toEqual(['accept', 'accept-encoding', 'connection', 'host']);
    }
  });

  it.each([
    [401, 'REGISTRY_DENIED'],
    [403, 'REGISTRY_DENIED'],
    [404, 'REGISTRY_ANSWER_INVALID'],
    [503, 'REGISTRY_UNREACHABLE'],
  ])('never reads HTTP %i of the token endpoint as "no signatures"', async (status, code) => {
    await using started = await start(atToken({ status, body: '{}' }));
    await expect(started.source.findSignatures(reference, started.digest)).rejects.toMatchObject({ code });
  });

  it('bad input 29: stops after one new token', async () => {
    await using started = await start((request) =>
      request.path.startsWith('/token') ? undefined : challenge(`Bearer realm="http://${request.headers.host}/token"`),
    );
    await expect(started.source.resolve(reference)).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
      suggestions: [expect.stringContaining('name')],
    });
    expect(started.paths().map((line) => line?.split('/').at(-1))).toEqual(['latest', 'token', 'latest']);
  });

  it('gets another token when the one that it has is over', async () => {
    let isOver = false;
    await using started = await start((request) => {
      const again = isOver && !request.path.startsWith('/token');
      isOver = isOver && !again;
      return again ? challenge(`Bearer realm="http://${request.headers.host}/token"`) : undefined;
    });
    await started.source.resolve(reference);
    isOver = true;
    expect(await started.source.resolve(reference)).toBe(started.digest);
    expect(started.paths().filter((line) => line === 'GET /token')).toHaveLength(2);
  });

  it('does not take a challenge from where it was redirected to', async () => {
    await using elsewhere = await startTestRegistry({ auth: 'token' });
    await using started = await start(
      atTag({ status: 307, headers: { location: `${elsewhere.origin}/v2/x/blobs/y` }, body: '' }),
    );
    await expect(started.source.resolve(reference)).rejects.toMatchObject({ code: 'REGISTRY_DENIED' });
    expect([started.registry.requests.length, elsewhere.requests.length]).toEqual([1, 1]);
  });

  it.each([401, 403])('says of HTTP %i that the name may be wrong, as some registries do not tell', async (status) => {
    await using started = await start(() => ({ status, headers: { 'www-authenticate': 'Basic realm="x"' } }));
    const denied = { code: 'REGISTRY_DENIED', suggestions: [expect.stringContaining('name')] };
    await expect(started.source.resolve(reference)).rejects.toMatchObject(denied);
    await expect(started.source.findSignatures(reference, started.digest)).rejects.toMatchObject(denied);
  });
});

describe('bad input 30: what errors tell', () => {
  const hostile = '\u001b]52;c;SECRET\u0007';
  it.each<[string, FaultHook]>([
    ['a body', () => ({ status: 500, body: `{"errors":[{"message":"${hostile}"}]}` })],
    ['a realm with a password', atTag(challenge('Bearer realm="https://user:SECRET@auth.example/t?x=SECRET"'))],
    ['a realm that does not parse', atTag(challenge('Bearer realm="SECRET"'))],
    ['a realm inside', atTag(challenge('Bearer realm="http://SECRET@10.0.0.1/SECRET"'))],
    [
      'a redirect with a password',
      atTag({ status: 302, headers: { location: 'https://user:SECRET@cdn.example/?sig=SECRET' } }),
    ],
    ['a redirect to http', atTag({ status: 302, headers: { location: 'http://cdn.example/?sig=SECRET' } })],
    ['a digest', atTag({ status: 200, headers: { 'docker-content-digest': 'sha256:\u009bx' } })],
    ['a content type', atTag({ status: 200, headers: { 'content-type': 'text/html; x=SECRET' } })],
    ['a token reply', atToken({ body: `{"token":["SECRET"],"x":"${hostile}"}` })],
    ['a token that is refused', atToken({ body: JSON.stringify({ token: hostile }) })],
    [
      'a token that does not help',
      (request) => (request.path.startsWith('/token') ? { body: '{"token":"SECRET"}' } : undefined),
    ],
    ['bytes that are no HTTP', atTag({ raw: 'HTTP/1.1 200 OK\r\nx: SECRET \u001b\r\nSECRET\r\n\r\n' })],
  ])('holds no secret and no control character of %s', async (_name, fault) => {
    await using started = await start(fault);
    const error = await started.source.resolve(reference).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: expect.any(String) });
    const told = inspect(error, { depth: 10 });
    expect(told).not.toContain('SECRET');
    expect([...told].filter((character) => character < ' ' && character !== '\n')).toEqual([]);
    expect(told).not.toContain('\u009b');
  });
});
