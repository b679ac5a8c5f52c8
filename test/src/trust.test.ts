import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { builtInPublicRoot } from '@dangerzone-image/core';
import {
  createTestAttester,
  createTestCertificate,
  githubJob,
  githubPredicate,
  publishAttestations,
  startHttpProxy,
} from '@dangerzone-image/core/testing';
import { describe, expect, it } from 'vitest';
import { withoutNetwork } from './network-namespace.ts';
import { startTufPublisher, type TufPublisher, trustedRootWith } from './tuf-publisher.ts';
import { createWorld, release, type World } from './world.ts';

/** A machine whose profile rests on the public trusted root, and an image in a log that only a newer root has. */
async function createMachine(options?: Parameters<typeof startTufPublisher>[0]) {
  const world = await createWorld();
  const tuf = await startTufPublisher(options);
  tuf.repository.publish(trustedRootWith(world.signer));
  world.publish(release(1));
  const profile = await world.writeProfile({ transparencyLog: undefined }, 'public.json');
  const run = (words: readonly string[], env: Record<string, string> = {}) =>
    world.runBare([...words, '--json'], { env: { ...tuf.env, ...env } });
  const image = ['--profile', profile, '--state-dir', world.state];
  const local = [...image, '--runtime', 'oci-layout', '--runtime-option', `path=${world.layout}`];
  return {
    world,
    tuf,
    profile,
    store: join(world.folder, 'home', '.local', 'share', 'dangerzone-image', 'trusted-root'),
    run,
    update: (...words: string[]) => run(['trust', 'update', ...words]),
    upgrade: (...words: string[]) => run(['upgrade', ...local, ...words]),
    verifyLocal: (...words: string[]) => run(['verify-local', ...local, ...words]),
    async [Symbol.asyncDispose]() {
      await tuf[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}

async function writeRoot({ world }: { world: World }, mode = 0o600): Promise<string> {
  const path = join(world.folder, 'trusted_root.json');
  await writeFile(path, trustedRootWith(world.signer));
  await chmod(path, mode);
  return path;
}

const numbered = async (folder: string) => (await readdir(folder)).filter((name) => /^[0-9]+\.json$/.test(name));

describe('a log that the trusted root does not know (bad input 192)', () => {
  it('is named, with the root’s date and the remedy; the remedy works, and lasts offline', async () => {
    await using machine = await createMachine();
    const { world, update, upgrade, verifyLocal } = machine;
    const refused = await upgrade();
    expect(refused).toMatchObject({ code: 3, json: { error: { code: 'LOG_ENTRY_INVALID' } } });
    const { message, suggestions } = refused.json.error;
    expect(message).toContain(world.signer.logId);
    expect(suggestions.join('\n')).toMatch(
      /of 20[0-9-]{8} \(built in\)[\s\S]*dangerzone-image trust update[\s\S]*--trusted-root/,
    );
    expect(await update()).toMatchObject({ code: 0, json: { status: 'updated' } });
    expect(await upgrade()).toMatchObject({ code: 0, json: { status: 'installed' } });
    await machine.tuf.served.close();
    await world.registry.close();
    expect(await verifyLocal()).toMatchObject({ code: 0, json: { status: 'verified' } });
  });

  it('counts where --trusted-root has it, for that run', async () => {
    await using machine = await createMachine();
    const file = await writeRoot(machine);
    expect(await machine.upgrade('--trusted-root', file)).toMatchObject({ code: 0, json: { status: 'installed' } });
    expect(await machine.verifyLocal('--trusted-root', file)).toMatchObject({ code: 0 });
    expect(await machine.verifyLocal()).toMatchObject({ code: 3 });
    expect(machine.tuf.served.asked).toEqual([]);
  });
});

describe('trust update', () => {
  it('keeps what it fetched for this user alone, and a second one finds nothing new', async () => {
    await using machine = await createMachine();
    const first = await machine.update();
    expect(first).toMatchObject({ code: 0, json: { verb: 'trust update', status: 'updated' } });
    expect(first.json).toMatchObject({ from: machine.tuf.served.origin, versions: { root: 1, targets: 1 } });
    expect(await machine.update()).toMatchObject({ code: 0, json: { status: 'up-to-date' } });
    expect(await numbered(machine.store)).toEqual(['2.json']);
  });

  it.each<[string, (tuf: TufPublisher) => unknown, number, string]>([
    ['expired', ({ repository }) => repository.refresh(new Date(Date.now() - 1000)), 3, 'TRUSTED_ROOT_REFUSED'],
    ['no such repository', ({ repository }) => repository.files.clear(), 3, 'TRUSTED_ROOT_REFUSED'],
    ['not there', ({ served }) => served.close(), 5, 'REGISTRY_UNREACHABLE'],
  ])('changes nothing where the answer is %s', async (_, attack, code, error) => {
    await using machine = await createMachine();
    await machine.update();
    await attack(machine.tuf);
    expect(await machine.update()).toMatchObject({ code, json: { error: { code: error } } });
    expect(await numbered(machine.store)).toEqual(['1.json']);
    expect(await machine.upgrade()).toMatchObject({ code: 0 });
  });

  it('refuses Sigstore’s name for another repository: the root that ships is what it begins with', async () => {
    await using machine = await createMachine();
    const words = ['trust', 'update', '--mirror', machine.tuf.served.origin, '--json'];
    const refused = await machine.world.runBare(words); // with the root that really ships
    expect(refused).toMatchObject({ code: 3, json: { error: { details: { reason: 'unsigned' } } } });
  });

  it('goes through the proxy, with the authorities that are given, and around it never', async () => {
    const tls = createTestCertificate();
    await using machine = await createMachine({ tls });
    const ca = join(machine.world.folder, 'ca.pem');
    await writeFile(ca, tls.cert, { mode: 0o600 });
    const { served } = machine.tuf;
    const words = ['trust', 'update', '--mirror', served.origin];
    await using proxy = await startHttpProxy({ to: Number(served.host.split(':')[1]) });
    const env = { HTTPS_PROXY: `http://${proxy.host}` };
    expect(await machine.run(words, env)).toMatchObject({ code: 5 });
    expect(await machine.run([...words, '--ca-file', ca], env)).toMatchObject({ code: 0 });
    expect(new Set(proxy.asked)).toEqual(new Set([served.host]));
    await proxy.close();
    const before = served.asked.length;
    expect(await machine.run([...words, '--ca-file', ca], env)).toMatchObject({ code: 5 });
    expect(served.asked).toHaveLength(before);
  });

  it.each([
    ['two mirrors', ['--mirror', 'https://a.example.net', '--mirror', 'https://b.example.net']],
    ['plain http to another machine', ['--mirror', 'http://tuf.example.net']],
  ])('is not asked of %s', async (_, words) => {
    await using world = await createWorld();
    expect(await world.runBare(['trust', 'update', '--json', ...words])).toMatchObject({ code: 2 });
  });

  it('mends what somebody changed; until then no profile that rests on it works, and others do', async () => {
    await using machine = await createMachine();
    await machine.update();
    const file = join(machine.store, '1.json');
    await writeFile(file, (await readFile(file, 'utf8')).replace('"timestamp.json"', '"timestamp.jsen"'));
    const refused = await machine.upgrade();
    expect(refused).toMatchObject({ code: 8, json: { error: { code: 'STATE_INVALID' } } });
    expect(refused.json.error.suggestions.join()).toContain('trust update');
    expect(await machine.world.run(['upgrade'])).toMatchObject({ code: 0 });
    expect(await machine.update()).toMatchObject({ code: 0 });
    expect(await machine.upgrade()).toMatchObject({ code: 0 });
  });
});

describe('an archive of a machine that fetched a newer trusted root', () => {
  /** Another person's machine, with the same tool and profile, and nothing else. */
  async function elsewhere(machine: Awaited<ReturnType<typeof createMachine>>) {
    const home = join(machine.world.folder, 'elsewhere');
    await mkdir(home, { mode: 0o700 });
    const layout = ['--runtime', 'oci-layout', '--runtime-option', `path=${join(home, 'images')}`];
    return (profile: string, words: readonly string[]) =>
      machine.run([...words, '--profile', profile, '--state-dir', join(home, 'state'), ...layout], { HOME: home });
  }
  async function prepare(machine: Awaited<ReturnType<typeof createMachine>>) {
    const file = join(machine.world.folder, 'sandbox.tar');
    const words = ['prepare-archive', '--profile', machine.profile, '--state-dir', machine.world.state];
    expect(await machine.run([...words, '--output', file])).toMatchObject({ code: 0 });
    return file;
  }

  it('brings it along: what it signs for is taken offline, and verifies from then on', async () => {
    await using machine = await createMachine();
    await machine.update();
    const file = await prepare(machine);
    await machine.tuf.served.close();
    await machine.world.registry.close();
    const there = await elsewhere(machine);
    const inspected = await there(machine.profile, ['inspect-archive', file]);
    expect(inspected).toMatchObject({ code: 0, json: { status: 'acceptable' } });
    expect(inspected.stderr).toContain('(from the archive) counts: it is good until');
    expect(await there(machine.profile, ['load-archive', file, '--dry-run'])).toMatchObject({ code: 0 });
    expect((await there(machine.profile, ['trust', 'show'])).json).toMatchObject({ status: 'built-in' });
    expect(await there(machine.profile, ['load-archive', file])).toMatchObject({
      code: 0,
      json: { status: 'installed' },
    });
    expect((await there(machine.profile, ['trust', 'show'])).json).toMatchObject({
      status: 'updated',
      from: expect.stringContaining('sandbox.tar'),
    });
    expect(await there(machine.profile, ['verify-local'])).toMatchObject({ code: 0, json: { status: 'verified' } });
  });

  it('vouches for provenance too: offline, and to nobody who does not begin with the same root', async () => {
    await using machine = await createMachine();
    const { world, tuf } = machine;
    const attester = createTestAttester(world.signer.log);
    tuf.repository.publish(attester.trustedRoot);
    const { digest } = release(1);
    const build = { repository: 'acme/dangerzone' };
    const statement = { predicateType: 'https://slsa.dev/provenance/v1', predicate: githubPredicate(build) };
    const attestation = attester.attest({ digest, ...statement, signer: githubJob(build) });
    publishAttestations(world.registry, 'team/sandbox', digest, [attestation]);
    await machine.update();
    const file = await prepare(machine);
    await tuf.served.close();
    await world.registry.close();
    const there = await elsewhere(machine);
    const words = ['attest-provenance', '--archive', file, '--repository', 'acme/dangerzone'];
    expect(await there(machine.profile, words)).toMatchObject({ code: 0, json: { image: { digest } } });
    const stranger = await world.runBare([...words, '--profile', machine.profile, '--json']);
    expect(stranger).toMatchObject({ code: 3, json: { error: { code: 'PROVENANCE_REJECTED' } } });
    expect(JSON.stringify(stranger.json.error)).toContain('trust update');
  });

  it('brings nothing to who pins a log, or does not begin with the same root', async () => {
    await using machine = await createMachine();
    await machine.update();
    const file = await prepare(machine);
    const there = await elsewhere(machine);
    const pinned = await there(machine.world.profile, ['load-archive', file]);
    expect(pinned).toMatchObject({ code: 0, json: { status: 'installed' } });
    expect(pinned.stderr).not.toContain('trusted root');
    expect((await there(machine.profile, ['trust', 'show'])).json).toMatchObject({ status: 'built-in' });
    const words = ['load-archive', file, '--profile', machine.profile, '--state-dir', join(machine.world.folder, 's')];
    const layout = ['--runtime', 'oci-layout', '--runtime-option', `path=${join(machine.world.folder, 'i')}`];
    const stranger = await machine.world.runBare([...words, ...layout, '--json']);
    expect(stranger).toMatchObject({ code: 3, json: { error: { code: 'LOG_ENTRY_INVALID' } } });
    expect(stranger.stderr).toContain('The trusted root in the archive is ignored');
  });

  it('has none where none was fetched, or where the profile pins its log', async () => {
    await using machine = await createMachine();
    const file = join(machine.world.folder, 'pinned.tar');
    await machine.update();
    expect(await machine.world.run(['prepare-archive', '--output', file])).toMatchObject({ code: 0 });
    expect((await readFile(file)).includes('./tuf/')).toBe(false);
    expect((await readFile(await prepare(machine))).includes('./tuf/timestamp.json')).toBe(true);
  });
});

describe('trust show and trust export', () => {
  it('show what is in force, and write it out whole', async () => {
    await using machine = await createMachine();
    const { run, world } = machine;
    const file = join(world.folder, 'exported.json');
    expect((await run(['trust', 'show'])).json).toMatchObject({ status: 'built-in', profile: 'dangerzone' });
    await machine.update();
    const shown = await run(['trust', 'show', '--profile', machine.profile]);
    expect(shown.json).toMatchObject({ status: 'updated', from: machine.tuf.served.origin, profile: 'example' });
    expect(JSON.stringify(shown.json)).toContain(world.signer.logId);
    expect(await run(['trust', 'export', file])).toMatchObject({ code: 0, json: { status: 'exported', file } });
    expect(await readFile(file)).toEqual(trustedRootWith(world.signer));
    expect(await run(['trust', 'export', file])).toMatchObject({ code: 2 });
    expect(await readFile(file)).toEqual(trustedRootWith(world.signer));
  });

  it.skipIf(!withoutNetwork)('open no socket, whatever was fetched', async () => {
    await using machine = await createMachine();
    await machine.update();
    const file = join(machine.world.folder, 'exported.json');
    for (const words of [
      ['trust', 'show'],
      ['trust', 'export', file],
    ]) {
      const options = { env: machine.tuf.env, prefix: withoutNetwork ?? [] };
      expect(await machine.world.runBare([...words, '--json'], options)).toMatchObject({ code: 0, stderr: '' });
    }
  });

  it('an exported root is the one that came with the tool, byte for byte, where none was fetched', async () => {
    await using world = await createWorld();
    const file = join(world.folder, 'exported.json');
    expect(await world.runBare(['trust', 'export', file])).toMatchObject({ code: 0, stderr: '' });
    expect(await readFile(file)).toEqual(Buffer.from(builtInPublicRoot().bytes));
  });

  it.each(['a folder that is not there', 'a link'])('nothing is written to %s', async (place) => {
    await using world = await createWorld();
    const path = place === 'a link' ? join(world.folder, 'link') : join(world.folder, 'nowhere', 'x.json');
    if (place === 'a link') await (await import('node:fs/promises')).symlink(join(world.folder, 'target'), path);
    expect(await world.runBare(['trust', 'export', path, '--json'])).toMatchObject({ code: 2 });
    expect(await readdir(world.folder)).not.toContain('target');
  });
});

describe('--trusted-root', () => {
  it('is refused for a profile that pins its log, whatever is in it', async () => {
    await using machine = await createMachine();
    const file = await writeRoot(machine);
    const refused = await machine.world.run(['upgrade', '--trusted-root', file]);
    expect(refused).toMatchObject({ code: 2, json: { error: { code: 'USAGE' } } });
    expect(machine.world.registry.requests).toEqual([]);
    expect(await machine.world.runBare(['status', '--trusted-root', file, '--json'])).toMatchObject({ code: 2 });
  });

  it.each<[string, (path: string) => Promise<unknown>]>([
    ['others may write', (path) => chmod(path, 0o666)],
    ['is none', (path) => writeFile(path, '{}')],
    ['lists a log twice', (path) => rewrite(path, (root) => ({ ...root, tlogs: [...root.tlogs, ...root.tlogs] }))],
  ])('is refused where the file %s (bad input 193)', async (_, damage) => {
    await using machine = await createMachine();
    const file = await writeRoot(machine);
    await damage(file);
    for (const words of [
      ['trust', 'show'],
      ['trust', 'export', join(machine.world.folder, 'x')],
    ]) {
      expect(await machine.run([...words, '--trusted-root', file])).toMatchObject({ code: 2 });
    }
    expect(await machine.upgrade('--trusted-root', file)).toMatchObject({ code: 2 });
  });
});

async function rewrite(path: string, change: (root: { tlogs: unknown[] }) => object): Promise<void> {
  await writeFile(path, JSON.stringify(change(JSON.parse(await readFile(path, 'utf8')))));
}

describe('what other software reads', () => {
  it('bad input 97: TUF_ROOT, SIGSTORE_ROOT_FILE, COSIGN_REPOSITORY and the like have no effect, and get nothing', async () => {
    await using machine = await createMachine();
    const root = await writeRoot(machine);
    const elsewhere = join(machine.world.folder, 'elsewhere');
    await mkdir(elsewhere);
    await writeFile(join(elsewhere, 'root.json'), machine.tuf.repository.initialRoot);
    const env = {
      TUF_ROOT: elsewhere,
      TUF_MIRROR: machine.tuf.served.origin,
      TUF_ROOT_JSON: join(elsewhere, 'root.json'),
      SIGSTORE_ROOT_FILE: root,
      SIGSTORE_TRUSTED_ROOT: root,
      SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: root,
      COSIGN_REPOSITORY: 'registry.example.org/elsewhere',
      COSIGN_MIRROR: machine.tuf.served.origin,
    };
    const bare = async (...words: string[]) =>
      (await machine.world.runBare([...words, '--json'], { env })).json as unknown as Record<string, unknown>;
    expect(await bare('trust', 'show')).toMatchObject({ status: 'built-in' });
    expect(
      await bare('store-signatures', '--profile', machine.profile, '--state-dir', machine.world.state),
    ).toMatchObject({ error: { code: 'LOG_ENTRY_INVALID' } });
    expect(machine.tuf.served.asked).toEqual([]);
    expect(await readdir(elsewhere)).toEqual(['root.json']);
  });
});
