import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createTestCertificate,
  publishTestImage,
  startHttpProxy,
  startSocksProxy,
  startTestRegistry,
} from '@dangerzone-image/core/testing';
import { describe, expect, it } from 'vitest';
import { createWorld, release, type World } from './world.ts';

const logIn = { username: 'reader', password: 'a:secret' };
const basic = Buffer.from(`${logIn.username}:${logIn.password}`).toString('base64');
const port = ({ registry }: World) => Number(registry.host.split(':')[1]);

async function writeIn(world: World, name: string, content: unknown): Promise<string> {
  const path = join(world.folder, name);
  await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });
  return path;
}

describe('settings, variables and flags', () => {
  it('a flag goes before a variable, that before config.json, and that before the profile', async () => {
    await using world = await createWorld();
    world.publish(release(1));
    const profile = await world.writeProfile({ mirrors: ['http://127.0.0.1:1'] });
    const settings = { profile, runtime: 'nowhere', mirrors: [], lockTimeout: 5 };
    const config = await writeIn(world, 'home/.config/dangerzone-image/config.json', settings);
    const state = ['--state-dir', world.state, '--json'];
    expect(await world.runBare(['upgrade', ...state])).toMatchObject({
      code: 2,
      json: { error: { code: 'RUNTIME_UNKNOWN' } },
    });
    const env = { DANGERZONE_IMAGE_RUNTIME: 'elsewhere' };
    const asked = await world.runBare(['upgrade', ...state], { env });
    expect(asked.json.error.message).toContain('elsewhere');
    const words = ['--runtime', 'oci-layout', '--runtime-option', `path=${world.layout}`];
    expect(await world.runBare(['upgrade', ...state, ...words], { env })).toMatchObject({
      code: 0,
      json: { status: 'installed' },
    });
    const runtimeOptions = { path: world.layout };
    await writeFile(config, JSON.stringify({ ...settings, runtime: 'oci-layout', runtimeOptions, quiet: true }));
    expect(await world.runBare(['status', '--state-dir', world.state])).toMatchObject({ code: 0, stdout: '' });
    expect(await world.runBare(['status', '--no-quiet', ...state])).toMatchObject({ json: { status: 'verified' } });
  });

  it('settings that others may write are refused, for they name whom to trust', async () => {
    await using world = await createWorld();
    await chmod(await writeIn(world, 'home/.config/dangerzone-image/config.json', {}), 0o666);
    expect(await world.run(['status'])).toMatchObject({ code: 2, json: { error: { code: 'USAGE' } } });
  });
});

describe('a registry that asks for a log-in', () => {
  it.each(['basic', 'token'] as const)(
    'gets what the auth file has for it, and it is never shown (%s)',
    async (auth) => {
      await using world = await createWorld({ auth, logIn });
      const { digest } = world.publish(release(1));
      expect(await world.run(['upgrade'])).toMatchObject({ code: 5, json: { error: { code: 'REGISTRY_DENIED' } } });
      const file = await writeIn(world, 'auth.json', { auths: { [world.registry.host]: { auth: basic } } });
      const run = await world.run(['upgrade', '--auth-file', file, '--debug']);
      expect(run).toMatchObject({ code: 0, json: { image: { digest } } });
      expect(run.stdout + run.stderr).not.toMatch(/secret|YTpzZWNyZXQ|cmVhZGVy/);
    },
  );

  it('gets what a credential helper in PATH has for it', async () => {
    await using world = await createWorld({ auth: 'basic', logIn });
    world.publish(release(1));
    const answer = JSON.stringify({ ServerURL: '', Username: logIn.username, Secret: logIn.password });
    const helper = await writeIn(world, 'bin/docker-credential-test', `#!/bin/sh\ncat >/dev/null\necho '${answer}'\n`);
    await chmod(helper, 0o755);
    await writeIn(world, 'home/.docker/config.json', { credHelpers: { [world.registry.host]: 'test' } });
    const env = { PATH: `${join(world.folder, 'bin')}:${process.env.PATH}` };
    expect(await world.run(['upgrade'], { env })).toMatchObject({ code: 0 });
  });

  it('bad input 28: a helper in the current folder is never run, not even where PATH says so', async () => {
    await using world = await createWorld({ auth: 'basic', logIn });
    world.publish(release(1));
    const marker = join(world.folder, 'was-run');
    await chmod(await writeIn(world, 'docker-credential-test', `#!/bin/sh\n: > '${marker}'\n`), 0o755);
    await writeIn(world, 'home/.docker/config.json', { credHelpers: { [world.registry.host]: 'test' } });
    const options = { env: { PATH: `:.:${process.env.PATH}` }, prefix: ['env', '-C', world.folder] };
    expect(await world.run(['upgrade'], options)).toMatchObject({
      code: 5,
      json: { error: { code: 'REGISTRY_DENIED' } },
    });
    expect(existsSync(marker)).toBe(false);
  });

  it('--auth-file beside the built-in profile is refused: that one is read without a log-in', async () => {
    await using world = await createWorld();
    const words = ['store-signatures', '--auth-file', '/nowhere/auth.json', '--json', '--state-dir', world.state];
    expect(await world.runBare(words)).toMatchObject({ code: 2, json: { error: { code: 'USAGE' } } });
  });
});

describe('a registry with an authority of its own', () => {
  it('is refused, and with --ca-file read', async () => {
    const tls = createTestCertificate();
    await using world = await createWorld();
    await using mirror = await startTestRegistry({ tls });
    const signers = [world.signer];
    publishTestImage(mirror, 'team/sandbox', release(1), { tag: 'latest', signers, signPlatforms: true });
    const words = ['upgrade', '--mirror', mirror.origin, '--mirror-only'];
    expect(await world.run(words)).toMatchObject({ code: 5, json: { error: { code: 'REGISTRY_UNREACHABLE' } } });
    const ca = await writeIn(world, 'ca.pem', tls.cert);
    expect(await world.run([...words, '--ca-file', ca])).toMatchObject({ code: 0, json: { status: 'installed' } });
  });
});

describe('acceptance 12: proxies', () => {
  it.each(['http', 'socks5', 'socks5h'])('everything goes through %s://, and nothing around it', async (scheme) => {
    await using world = await createWorld();
    world.publish(release(1));
    const start = scheme === 'http' ? startHttpProxy : startSocksProxy;
    await using proxy = await start({ to: port(world) });
    const env = { ALL_PROXY: `${scheme}://${proxy.host}` };
    expect(await world.run(['upgrade'], { env })).toMatchObject({ code: 0 });
    expect(proxy.asked).toHaveLength(new Set(world.registry.received.map(({ connection }) => connection)).size);
  });

  it.each(['http', 'https', 'socks5', 'socks5h'])('with a dead %s:// proxy nothing is contacted', async (scheme) => {
    await using world = await createWorld();
    world.publish(release(1));
    const env = { HTTP_PROXY: `${scheme}://127.0.0.1:1` };
    expect(await world.run(['upgrade'], { env })).toMatchObject({
      code: 5,
      json: { error: { code: 'REGISTRY_UNREACHABLE' } },
    });
    expect(world.registry.requests).toEqual([]);
  });

  it('NO_PROXY names what is reached directly', async () => {
    await using world = await createWorld();
    world.publish(release(1));
    const env = { ALL_PROXY: 'socks5h://127.0.0.1:1', NO_PROXY: '127.0.0.1' };
    expect(await world.run(['upgrade'], { env })).toMatchObject({ code: 0 });
  });

  it.each<[string, readonly string[], Record<string, string>]>([
    ['a mirror', ['--mirror', 'https://mirror.example.net'], {}],
    ['an authority', ['--ca-file', '/nowhere/ca.pem'], {}],
    ['a log-in', ['--auth-file', '/nowhere/auth.json'], {}],
    ['a proxy', [], { ALL_PROXY: 'socks5h://127.0.0.1:1' }],
  ])('--via pull is refused with %s, which the engine would pass by', async (_, words, env) => {
    await using world = await createWorld();
    expect(await world.run(['upgrade', '--via', 'pull', ...words], { env })).toMatchObject({
      code: 2,
      json: { error: { code: 'USAGE' } },
    });
    expect(world.registry.requests).toEqual([]);
  });
});

describe('acceptance 11: slow and flaky', () => {
  it('a connection that is cut at 60 % of a layer, again and again, is resumed, and nothing is fetched twice', async () => {
    await using world = await createWorld({
      fault: ({ path, earlier }) => (path.includes('/blobs/') && earlier < 2 ? { resetAfter: 60 } : undefined),
    });
    world.publish(release(1));
    expect(await world.run(['upgrade'])).toMatchObject({ code: 0 });
    const ranges = world.registry.received.flatMap(({ headers }) => (headers.range ? [headers.range] : []));
    expect([...new Set(ranges)]).toEqual(['bytes=60-', 'bytes=120-']);
  });
});
