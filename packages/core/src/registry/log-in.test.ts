import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { mediaTypes } from '../oci/descriptor.ts';
import { digestOf } from '../oci/digest.ts';
import { parseReference } from '../oci/reference.ts';
import { readVerified } from '../source/read-verified.ts';
import { createTestCertificate } from '../testing/test-certificate.ts';
import { startHttpProxy, startSocksProxy } from '../testing/test-proxy.ts';
import { startTestRegistry, type TestRegistryOptions } from '../testing/test-registry.ts';
import { openSources, type SourcesOptions } from './open-sources.ts';
import { withoutPause } from './retry-policy.test-support.ts';

const repository = 'team/sandbox';
const logIn = { username: 'jane', password: 'SECRET:pass' };
const blob = Buffer.from('content');
const base64 = (text: string) => Buffer.from(text).toString('base64');
const jane = { auth: base64(`${logIn.username}:${logIn.password}`) };

async function start(options: TestRegistryOptions) {
  const registry = await startTestRegistry(options);
  const home = await mkdtemp(join(tmpdir(), 'home-'));
  onTestFinished(async () => {
    await registry.close();
    await rm(home, { recursive: true, force: true });
  });
  const digest = registry.putManifest(repository, Buffer.from('{}'), mediaTypes.ociIndex, 'latest');
  registry.putBlob(repository, blob);
  const reference = parseReference(`${registry.host}/${repository}:latest`);
  const open = (more: Partial<SourcesOptions> = {}) =>
    openSources({ reference, env: {}, home, platform: 'linux', readCredentials: true, retry: withoutPause, ...more });
  const store = async (name: string, content: unknown) => {
    const path = join(home, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  const sent = () => registry.received.map(({ headers }) => headers.authorization?.split(' ')[0]);
  const paths = () => registry.requests.map((line) => line.split('?')[0]?.split('/').at(-1));
  return { registry, home, digest, reference, open, store, sent, paths };
}

const docker = '.docker/config.json';

describe('a registry that wants a log-in', () => {
  it('gets what is stored for it, after it refused us without: user name and password', async () => {
    const { registry, open, store, digest, reference, sent } = await start({ auth: 'basic', logIn });
    await store(docker, { auths: { [registry.host]: jane } });
    const source = open();
    expect(await source.resolve(reference)).toBe(digest);
    expect(await readVerified(source, { kind: 'blob', repository, digest: digestOf(blob), limit: 10 })).toEqual(blob);
    expect(sent()).toEqual([undefined, 'Basic', 'Basic']);
  });

  it.each([
    ['refuses anonymous tokens', undefined, ['latest', 'token', 'token', 'latest']],
    ['gives anonymous tokens that open nothing', true, ['latest', 'token', 'latest', 'token', 'latest']],
  ])('gets a token for what is stored, where it %s', async (_name, givesUselessTokens = false, expected) => {
    const { registry, open, store, digest, reference, paths, sent } = await start({
      auth: 'token',
      logIn: { ...logIn, givesUselessTokens },
    });
    await store(docker, { auths: { [registry.host]: jane } });
    expect(await open().resolve(reference)).toBe(digest);
    expect(paths()).toEqual(expected);
    // The log-in goes to the token service alone, and there only the second time.
    expect(sent().filter((kind) => kind === 'Basic')).toHaveLength(1);
    expect(sent().at(-2)).toBe('Basic');
    const asked = new URL(registry.received.at(-2)?.path ?? '', registry.origin).searchParams;
    expect(asked.getAll('scope')).toEqual([`repository:${repository}:pull`]);
  });

  it.each([
    ['http', 'basic', jane],
    ['http', 'token', jane],
    ['socks5h', 'basic', jane],
    ['socks5h', 'token', { identitytoken: logIn.password }],
  ] as const)(
    'sends none through an %s proxy without encryption, which leaves this machine: %s',
    async (kind, auth, entry) => {
      const { registry, open, store, reference, sent } = await start({ auth, logIn });
      await store(docker, { auths: { [registry.host]: entry } });
      const to = Number(new URL(registry.origin).port);
      await using proxy = await (kind === 'http' ? startHttpProxy({ to }) : startSocksProxy({ to }));
      const error = await open({ env: { ALL_PROXY: `${kind}://${proxy.host}` } })
        .resolve(reference)
        .catch((failure: unknown) => failure);
      expect(error).toMatchObject({ code: 'REGISTRY_DENIED', details: { proxy: `${kind}://${proxy.host}` } });
      expect(inspect(error, { depth: 9 })).not.toContain('SECRET');
      expect(sent().some((authorization) => authorization !== undefined)).toBe(false);
      expect(registry.requests).not.toContain('POST /token');
    },
  );

  it('exchanges an identity token by POST, never in an address', async () => {
    const { registry, open, store, digest, reference } = await start({ auth: 'token', logIn });
    await store(docker, { auths: { [registry.host]: { identitytoken: logIn.password } } });
    expect(await open().resolve(reference)).toBe(digest);
    expect(registry.requests).toContain('POST /token');
    expect(registry.requests.join()).not.toContain('SECRET');
  });

  it('sends an identity token along no redirect', async () => {
    const elsewhere = await startTestRegistry();
    onTestFinished(elsewhere.close);
    const { registry, open, store, reference } = await start({
      auth: 'token',
      logIn,
      fault: ({ method }) =>
        method === 'POST' ? { status: 307, headers: { location: `${elsewhere.origin}/token` } } : undefined,
    });
    await store(docker, { auths: { [registry.host]: { identitytoken: logIn.password } } });
    await expect(open().resolve(reference)).rejects.toMatchObject({ code: 'REGISTRY_ANSWER_INVALID' });
    expect(elsewhere.requests).toEqual([]);
  });

  it('bad input 6: sends a user name along no redirect of the token service', async () => {
    const elsewhere = await startTestRegistry({ auth: 'token' });
    onTestFinished(elsewhere.close);
    const { registry, open, store, reference } = await start({
      auth: 'token',
      logIn,
      fault: ({ path }) =>
        path.startsWith('/token') ? { status: 307, headers: { location: `${elsewhere.origin}${path}` } } : undefined,
    });
    await store(docker, { auths: { [registry.host]: jane } });
    await expect(open().resolve(reference)).rejects.toMatchObject({ code: 'REGISTRY_DENIED' });
    expect(elsewhere.received.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
  });

  it('asks a registry again with what is stored when 403 is all that it says of an anonymous token', async () => {
    let isKnown = false;
    const { registry, open, store, reference, digest, sent } = await start({
      auth: 'token',
      fault: ({ path, headers }) => {
        isKnown ||= headers.authorization?.startsWith('Basic') ?? false;
        return path.startsWith('/v2') && headers.authorization && !isKnown ? { status: 403 } : undefined;
      },
    });
    await store(docker, { auths: { [registry.host]: jane } });
    expect(await open().resolve(reference)).toBe(digest);
    expect(sent().filter((kind) => kind === 'Basic')).toHaveLength(1);
  });

  it('asks for no anonymous token again where only the stored log-in could read', async () => {
    let isOver = false;
    const { registry, open, store, reference, paths } = await start({
      auth: 'token',
      logIn,
      fault: ({ path, headers }) => {
        const again = isOver && path.startsWith('/v2');
        isOver = isOver && !again;
        const challenge = `Bearer realm="http://${headers.host}/token"`;
        return again ? { status: 401, headers: { 'www-authenticate': challenge } } : undefined;
      },
    });
    await store(docker, { auths: { [registry.host]: jane } });
    const source = open();
    await source.resolve(reference);
    registry.requests.length = 0;
    isOver = true;
    await source.resolve(reference);
    expect(paths()).toEqual(['latest', 'token', 'latest']);
  });

  it('bad input 29: stops after one log-in, by token or by password', async () => {
    for (const auth of ['basic', 'token'] as const) {
      const { registry, open, store, reference, sent } = await start({ auth, logIn });
      await store(docker, { auths: { [registry.host]: { auth: base64('jane:another') } } });
      await expect(open().resolve(reference)).rejects.toMatchObject({ code: 'REGISTRY_DENIED' });
      expect(sent().filter((kind) => kind === 'Basic')).toHaveLength(1);
    }
  });

  it('reads nothing stored where everything is public, and nothing where that is switched off', async () => {
    const isPublic = await start({ auth: 'token' });
    await isPublic.store(docker, 'no JSON');
    expect(await isPublic.open({ authFile: '/does/not/exist' }).resolve(isPublic.reference)).toBe(isPublic.digest);
    for (const auth of ['basic', 'token'] as const) {
      const { registry, open, store, reference, sent } = await start({ auth, logIn });
      await store(docker, { auths: { [registry.host]: jane } });
      for (const off of [{ readCredentials: false }, { readCredentials: undefined as never }]) {
        await expect(open(off).resolve(reference)).rejects.toMatchObject({ code: 'REGISTRY_DENIED' });
      }
      expect(sent()).not.toContain('Basic');
    }
  });

  it('never reads a refused log-in as "no signatures"', async () => {
    const { open, reference, digest } = await start({ auth: 'basic', logIn });
    await expect(open().findSignatures(reference, digest)).rejects.toMatchObject({ code: 'REGISTRY_DENIED' });
  });

  it('gets it over TLS too, through a proxy that sees none of it', async () => {
    const tls = createTestCertificate();
    const { registry, home, digest, store } = await start({ auth: 'basic', logIn, tls });
    await store(docker, { auths: { [registry.host]: jane } });
    await using proxy = await startHttpProxy({ to: Number(new URL(registry.origin).port) });
    const reference = parseReference('registry.example.org/team/sandbox:latest');
    const source = openSources({
      ...{ reference, mirrors: [registry.origin], mirrorOnly: true, ca: tls.cert },
      ...{ env: { HTTPS_PROXY: proxy.host }, home, platform: 'linux', readCredentials: true },
    });
    expect(await source.resolve(reference)).toBe(digest);
    expect(proxy.headers.map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
  });
});

describe('where a log-in is not sent', () => {
  it.each([
    ['another port', () => '127.0.0.1:1'],
    ['no port', () => '127.0.0.1'],
    ['a longer name', (host: string) => `${host}.evil.example`],
    ['a name that ends with it', (host: string) => `evil-${host}`],
    ['its scheme before it', (host: string) => `http://${host}`],
    ['a path behind it', (host: string) => `${host}/team`],
    ['its last letter', (host: string) => host.slice(-1)],
    ['a star', () => '*'],
    ['an inherited name', () => '__proto__'],
  ])('bad input 27: what is stored under %s is not for this registry', async (_name, keyOf) => {
    const { registry, open, store, reference, sent } = await start({ auth: 'basic', logIn });
    await store(docker, `{"auths":{${JSON.stringify(keyOf(registry.host))}:${JSON.stringify(jane)}}}`);
    await expect(open().resolve(reference)).rejects.toMatchObject({ code: 'REGISTRY_DENIED' });
    expect(sent()).toEqual([undefined]);
  });

  it('bad input 23: to a realm elsewhere goes an anonymous question at most, unless the user listed it', async () => {
    const evil = await startTestRegistry({ auth: 'token', logIn });
    onTestFinished(evil.close);
    const realm = evil.origin.replace('127.0.0.1', 'localhost');
    const { registry, open, store, reference, digest } = await start({
      fault: ({ headers }) =>
        headers.authorization
          ? undefined
          : { status: 401, headers: { 'www-authenticate': `Bearer realm="${realm}/token"` } },
    });
    await store(docker, { auths: { [registry.host]: jane, [evil.host]: jane, [new URL(realm).host]: jane } });
    await expect(open().resolve(reference)).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
      details: { realm: new URL(realm).host },
    });
    expect(evil.received.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    expect(await open({ credentialRealms: [new URL(realm).host] }).resolve(reference)).toBe(digest);
    expect(evil.received.at(-1)?.headers.authorization).toMatch(/^Basic /);
  });

  it('does not send it to where a registry redirects', async () => {
    const elsewhere = await startTestRegistry({ auth: 'basic', logIn });
    onTestFinished(elsewhere.close);
    const { registry, open, store, reference } = await start({
      fault: ({ path }) => ({ status: 307, headers: { location: `${elsewhere.origin}${path}` } }),
    });
    await store(docker, { auths: { [registry.host]: jane, [elsewhere.host]: jane } });
    await expect(open().resolve(reference)).rejects.toMatchObject({ code: 'REGISTRY_DENIED' });
    expect(elsewhere.received.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it('bad input 31: never reads .netrc, .npmrc or what a cloud would tell', async () => {
    const { registry, open, store, reference, sent } = await start({ auth: 'basic', logIn });
    await store('.netrc', `machine 127.0.0.1 login jane password ${logIn.password}`);
    await store('.npmrc', `//${registry.host}/:_auth=${jane.auth}`);
    await store('.aws/credentials', '[default]\naws_access_key_id = x\naws_secret_access_key = y');
    await expect(open().resolve(reference)).rejects.toMatchObject({ code: 'REGISTRY_DENIED' });
    expect(sent()).toEqual([undefined]);
  });
});

describe('bad input 30: what errors tell of a log-in', () => {
  it.each<[string, unknown]>([
    ['that is wrong', { auths: { HOST: { auth: base64('jane:SECRET') } } }],
    ['that is no base64', { auths: { HOST: { auth: 'SECRET!' } } }],
    ['that is of the wrong type', { auths: { HOST: { auth: ['SECRET'] } } }],
    ['that is an identity token', { auths: { HOST: { identitytoken: 'SECRET' } } }],
    ['in a file that is no JSON', '{"auths":{"HOST":{"auth":"SECRET'],
    ['without quotes', '{"auths":{"HOST":{"auth":SECRET}}}'],
    ['in a file with two of them', '{"auths":{"HOST":{"auth":"SECRET"},"HOST":{"auth":"SECRET"}}}'],
    ['of a helper', { credHelpers: { HOST: 'works' } }],
    ['of a helper that speaks otherwise', { credHelpers: { HOST: 'broken' } }],
    ['of a helper that fails', { credHelpers: { HOST: 'throws' } }],
  ])('holds nothing of one %s', async (_name, content) => {
    for (const auth of ['basic', 'token'] as const) {
      const { registry, open, store, reference } = await start({ auth, logIn: { ...logIn, password: 'right' } });
      const text = typeof content === 'string' ? content : JSON.stringify(content);
      const authFile = await store('auth.json', text.replaceAll('HOST', registry.host));
      const runHelper: SourcesOptions['runHelper'] = async (command) => {
        if (command.endsWith('throws')) throw new Error('SECRET');
        const answer = command.endsWith('works') ? '{"Username":"jane","Secret":"SECRET"}' : '{"Secret":["SECRET"]}';
        return { exitCode: 0, stdout: Buffer.from(answer) };
      };
      const error = await open({ authFile, runHelper })
        .resolve(reference)
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: expect.stringMatching(/REGISTRY_DENIED|USAGE/) });
      const told = inspect(error, { depth: 20, showHidden: true }) + JSON.stringify(error);
      expect(told).not.toContain('SECRET');
      expect(told).not.toContain(base64('jane:SECRET'));
    }
  });
});
