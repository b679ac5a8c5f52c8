import { chmod, chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RunHelper } from './ask-helper.ts';
import { authFilePlaces } from './auth-file-paths.ts';
import { createFindCredential } from './find-credential.ts';
import { maySendTo } from './may-send-to.ts';
import { readAuthFile } from './read-auth-file.ts';

const { signal } = new AbortController();
const ghcr = new URL('https://ghcr.io');
const entry = (user: string) => ({ auth: Buffer.from(`${user}:pw:${user}`).toString('base64') });

async function makeHome(files: Readonly<Record<string, unknown>>) {
  const home = await mkdtemp(join(tmpdir(), 'home-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(home, name)), { recursive: true });
    await writeFile(join(home, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return home;
}

async function find(files: Readonly<Record<string, unknown>>, registry = ghcr, runHelper?: RunHelper) {
  const home = await makeHome(files);
  return createFindCredential({ env: {}, home, platform: 'linux', runHelper })(registry, signal);
}

describe('authFilePlaces', () => {
  const home = '/home/jane';
  it.each([
    ['linux', {}, ['/home/jane/.config/containers/auth.json', '/home/jane/.docker/config.json']],
    [
      'linux',
      { XDG_RUNTIME_DIR: '/run/user/1000', XDG_CONFIG_HOME: '/cfg', DOCKER_CONFIG: '/d' },
      ['/run/user/1000/containers/auth.json', '/cfg/containers/auth.json', '/d/config.json'],
    ],
    [
      'darwin',
      { XDG_RUNTIME_DIR: '/run/user/1000' },
      ['/home/jane/.config/containers/auth.json', '/home/jane/.docker/config.json'],
    ],
    ['linux', { REGISTRY_AUTH_FILE: '/own/auth.json', DOCKER_CONFIG: '/d' }, ['/own/auth.json']],
  ] as const)('has the order of Podman, then Docker: %s with %o', (platform, env, expected) => {
    expect(authFilePlaces({ env, home, platform }).map(({ path }) => path)).toEqual(expected);
  });

  it('knows one file where the user named it', () => {
    const env = { REGISTRY_AUTH_FILE: '/own/auth.json' };
    expect(authFilePlaces({ authFile: 'here.json', env, home, platform: 'linux' })).toEqual([
      { path: 'here.json', isNamed: true },
    ]);
  });

  it.each(['REGISTRY_AUTH_FILE', 'XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'DOCKER_CONFIG'])(
    'bad input 28: takes no path into the current folder from %s',
    (variable) => {
      for (const value of ['.', 'x', './x', '../x', '']) {
        const places = authFilePlaces({ env: { [variable]: value }, home, platform: 'linux' });
        expect(places.map(({ path }) => path)).toEqual([
          '/home/jane/.config/containers/auth.json',
          '/home/jane/.docker/config.json',
        ]);
      }
    },
  );

  it('knows none where there is no home folder, and writes paths of Windows there', () => {
    expect(authFilePlaces({ env: {}, home: undefined, platform: 'linux' })).toEqual([]);
    expect(authFilePlaces({ env: {}, home: 'C:\\Users\\jane', platform: 'win32' }).map(({ path }) => path)).toEqual([
      'C:\\Users\\jane\\.config\\containers\\auth.json',
      'C:\\Users\\jane\\.docker\\config.json',
    ]);
  });
});

describe('createFindCredential', () => {
  const podman = '.config/containers/auth.json';
  const docker = '.docker/config.json';

  it('takes the first file that has the registry', async () => {
    const found = await find({
      [podman]: { auths: { 'quay.io': entry('podman') } },
      [docker]: { auths: { 'ghcr.io': entry('docker') } },
    });
    expect(found).toEqual({ credential: { kind: 'password', username: 'docker', password: 'pw:docker' }, notes: [] });
    const both = await find({
      [podman]: { auths: { 'ghcr.io': entry('podman') } },
      [docker]: { auths: { 'ghcr.io': entry('docker') } },
    });
    expect(both.credential).toMatchObject({ username: 'podman' });
  });

  it.each([
    ['https://registry-1.docker.io', 'https://index.docker.io/v1/'],
    ['https://registry-1.docker.io', 'docker.io'],
    ['https://registry.example.org', 'registry.example.org'],
    ['https://registry.example.org', 'registry.example.org:443'],
    ['https://registry.example.org:5000', 'registry.example.org:5000'],
  ])('knows %s as %s', async (registry, key) => {
    const found = await find({ [docker]: { auths: { [key]: entry('jane') } } }, new URL(registry));
    expect(found.credential).toMatchObject({ username: 'jane' });
  });

  it.each([
    ['https://ghcr.io', 'ghcr.io.evil.example'],
    ['https://ghcr.io', 'evil-ghcr.io'],
    ['https://ghcr.io', 'io'],
    ['https://ghcr.io', 'GHCR.IO'],
    ['https://ghcr.io', 'ghcr.io:8443'],
    ['https://ghcr.io:8443', 'ghcr.io'],
    ['https://ghcr.io', 'https://ghcr.io'],
    ['https://ghcr.io', '*.io'],
    ['https://ghcr.io', 'ghcr.io/team'],
    ['https://docker.io.evil.example', 'docker.io'],
    ['https://evil-docker.io', 'docker.io'],
    ['https://registry-1.docker.io:8443', 'docker.io'],
    ['https://index.docker.io.evil.example', 'https://index.docker.io/v1/'],
    ['https://constructor', 'ghcr.io'],
    ['https://__proto__', 'ghcr.io'],
  ])('bad input 27: gives %s nothing that is stored for %s', async (registry, key) => {
    const runHelper = async () => ({ exitCode: 0, stdout: Buffer.from('{"Username":"a","Secret":"b"}') });
    const files = { [docker]: { auths: { [key]: entry('jane') }, credHelpers: { [key]: 'desktop' } } };
    expect(await find(files, new URL(registry), runHelper)).toEqual({ notes: [] });
  });

  it('reads an identity token, in both of its spellings', async () => {
    const expected = { kind: 'identity-token', token: 'abc' };
    const auth = Buffer.from('<token>:abc').toString('base64');
    for (const content of [{ identitytoken: 'abc' }, { auth: entry('jane').auth, identitytoken: 'abc' }, { auth }]) {
      expect((await find({ [docker]: { auths: { 'ghcr.io': content } } })).credential).toEqual(expected);
    }
  });

  it('says which file was passed over, and goes on', async () => {
    const { credential, notes } = await find({
      [podman]: 'no JSON',
      [docker]: { auths: { 'ghcr.io': entry('docker') } },
    });
    expect(credential).toMatchObject({ username: 'docker' });
    expect(notes).toEqual([expect.stringContaining(podman)]);
  });

  it.each(['!!', 'YQ', Buffer.from('nocolon').toString('base64'), Buffer.from(':pw').toString('base64')])(
    'says that the entry %s is none',
    async (auth) => {
      const { credential, notes } = await find({ [docker]: { auths: { 'ghcr.io': { auth } } } });
      expect([credential, notes]).toEqual([undefined, [expect.stringContaining('base64')]]);
    },
  );
});

describe('credential helpers', () => {
  const calls: unknown[] = [];
  const helping =
    (stdout: string, exitCode = 0): RunHelper =>
    async (command, args, { input }) => {
      calls.push([command, ...args, input]);
      return { exitCode, stdout: Buffer.from(stdout) };
    };
  const right = '{"ServerURL":"x","Username":"jane","Secret":"pw"}';

  it.each([
    ['its own before that for all', { credHelpers: { 'ghcr.io': 'own' }, credsStore: 'all' }, 'own'],
    ['that for all', { credsStore: 'all' }, 'all'],
    [
      'its own before what stands in the file',
      { credHelpers: { 'ghcr.io': 'own' }, auths: { 'ghcr.io': entry('x') } },
      'own',
    ],
  ])('are asked for the registry: %s', async (_name, content, name) => {
    calls.length = 0;
    const { credential } = await find({ '.docker/config.json': content }, ghcr, helping(right));
    expect(credential).toEqual({ kind: 'password', username: 'jane', password: 'pw' });
    expect(calls).toEqual([[`docker-credential-${name}`, 'get', 'ghcr.io']]);
  });

  it('are asked for Docker Hub by its old address', async () => {
    calls.length = 0;
    await find(
      { '.docker/config.json': { credsStore: 'all' } },
      new URL('https://registry-1.docker.io'),
      helping(right),
    );
    expect(calls).toEqual([['docker-credential-all', 'get', 'https://index.docker.io/v1/']]);
  });

  it('may give an identity token', async () => {
    const answer = helping('{"Username":"<token>","Secret":"abc"}');
    expect((await find({ '.docker/config.json': { credsStore: 'all' } }, ghcr, answer)).credential).toEqual({
      kind: 'identity-token',
      token: 'abc',
    });
  });

  it.each(['../../x', 'a/b', 'a b', 'a;b', '', '.', 'a\n', 'a'.repeat(65), 'é'])(
    'bad input 28: the name %j starts no program',
    async (name) => {
      calls.length = 0;
      const files = { '.docker/config.json': { credHelpers: { 'ghcr.io': name }, credsStore: name } };
      expect((await find(files, ghcr, helping(right))).credential).toBeUndefined();
      expect(calls).toEqual([]);
    },
  );

  it.each<[string, RunHelper | undefined]>([
    ['it is not supported', undefined],
    ['it has none', helping('credentials not found in native keychain', 1)],
    ['it answers with something else', helping('hello')],
    ['it answers without a secret', helping('{"Username":"jane","Secret":""}')],
    ['it answers without end', helping(`{"Username":"jane","Secret":"${'x'.repeat(70_000)}"}`)],
    ['it does not run', () => Promise.reject(new Error('ENOENT'))],
  ])('are told of, and passed over, when %s', async (_name, runHelper) => {
    const files = { '.docker/config.json': { credHelpers: { 'ghcr.io': 'own' } } };
    const { credential, notes } = await find(files, ghcr, runHelper);
    expect([credential, notes]).toEqual([undefined, [expect.stringContaining('docker-credential-own')]]);
  });

  it('end with an abort', async () => {
    const home = await makeHome({ '.docker/config.json': { credsStore: 'all' } });
    const reason = new Error('Ctrl-C');
    const search = createFindCredential({
      env: {},
      home,
      platform: 'linux',
      runHelper: () => Promise.reject(new Error()),
    });
    await expect(search(ghcr, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe('readAuthFile', () => {
  const at = (path: string, isNamed = false) => readAuthFile({ path, isNamed });

  it('is nothing where there is none, unless the user named it', async () => {
    const home = await makeHome({ file: '{}' });
    for (const path of [join(home, 'none'), join(home, 'file', 'below')]) {
      expect(await at(path)).toBeUndefined();
      await expect(at(path, true)).rejects.toMatchObject({ code: 'USAGE' });
    }
  });

  it('reads what others may read, and what a link of the user leads to', async () => {
    const home = await makeHome({ file: { auths: { 'ghcr.io': entry('jane') } } });
    await chmod(join(home, 'file'), 0o644);
    await symlink(join(home, 'file'), join(home, 'link'));
    expect((await at(join(home, 'link')))?.auths).toHaveProperty(['ghcr.io']);
  });

  it.each([0o666, 0o664, 0o602])('refuses what others may write: mode %o', async (mode) => {
    const home = await makeHome({ file: '{}' });
    await chmod(join(home, 'file'), mode);
    await expect(at(join(home, 'file'))).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('refuses what belongs to somebody else, is too long, or is no file', async () => {
    const home = await makeHome({ file: '{}', long: ' '.repeat(1024 * 1024 + 1) });
    const file = join(home, 'file');
    // Only root can give a file away; for everybody else we say that we are another user.
    const uid = process.getuid?.() ?? 0;
    if (uid === 0) await chown(file, 12_345, 12_345);
    const strange = readAuthFile({ path: file, isNamed: false }, uid === 0 ? 0 : uid + 1);
    await expect(strange).rejects.toMatchObject({ code: 'USAGE' });
    await expect(at(join(home, 'long'))).rejects.toMatchObject({ code: 'USAGE' });
    await expect(at(home)).rejects.toMatchObject({ code: 'USAGE' });
  });

  it.each(['{"auths":{"ghcr.io":"x"}}', '{"credHelpers":{"ghcr.io":1}}', '{"credsStore":{}}', ''])(
    'refuses %s',
    async (text) => {
      const home = await makeHome({ file: text });
      await expect(at(join(home, 'file'))).rejects.toMatchObject({ code: 'USAGE' });
    },
  );
});

describe('maySendTo', () => {
  it.each([
    ['https://ghcr.io/token', 'https://ghcr.io', true],
    ['https://auth.registry.example.org/t', 'https://registry.example.org', true],
    ['https://auth.docker.io/token', 'https://registry-1.docker.io', true],
    ['https://gitlab.com/jwt/auth', 'https://registry.gitlab.com', true],
    ['http://127.0.0.1:5001/token', 'http://127.0.0.1:5000', true],
    ['https://listed.example/t', 'https://ghcr.io', true],
    ['https://evil.example/t', 'https://ghcr.io', false],
    ['https://evil-ghcr.io/t', 'https://ghcr.io', false],
    ['https://ghcr.io.evil.example/t', 'https://ghcr.io', false],
    ['https://evil.github.io/t', 'https://good.github.io', false],
    ['https://other.example.org/t', 'https://registry.example.org', false],
    ['https://example.org/t', 'https://registry.example.org', false],
    ['https://auth.docker.io/token', 'https://evil.example', false],
    ['https://auth.docker.io:8443/token', 'https://registry-1.docker.io', false],
    ['https://auth.docker.io/token', 'https://registry-1.docker.io:8443', false],
    ['http://ghcr.io/token', 'https://ghcr.io', false],
    ['http://listed.example/t', 'https://ghcr.io', false],
    ['https://listed.example:8443/t', 'https://ghcr.io', false],
    ['https://x.localhost/t', 'http://localhost', false],
  ])('bad input 23: to %s for %s: %s', (realm, registry, expected) => {
    expect(maySendTo(new URL(realm), new URL(registry), ['listed.example'])).toBe(expected);
  });
});
