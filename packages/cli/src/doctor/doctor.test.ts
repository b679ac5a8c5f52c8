import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildTestImage, createTestSigner, publishTestImage, startTestRegistry } from '@dangerzone-image/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runCli, temporaryFolder, writeFiles } from '../run-cli.test-support.ts';
import { checkClock } from './diagnose.ts';
import type { DoctorResult } from './doctor-result.ts';
import { withoutHome } from './without-home.ts';

/** A person's machine with a registry on loopback and images in a folder. */
async function machine() {
  const registry = await startTestRegistry();
  onTestFinished(() => registry.close());
  const image = `${registry.host}/team/sandbox`;
  const signer = createTestSigner({ image });
  publishTestImage(registry, 'team/sandbox', buildTestImage({ created: new Date('2026-01-01') }), {
    signers: [signer],
  });
  const home = temporaryFolder();
  const keys = { keys: ['key.pub'], transparencyLog: { keys: ['log.pub'] } };
  writeFiles(home, {
    'profile.json': { name: 'test', image, ...keys },
    'key.pub': signer.publicKeyPem,
    'log.pub': signer.logPublicKeyPem,
  });
  const runtime = ['--runtime', 'oci-layout', '--runtime-option', `path=${join(home, 'images')}`];
  const common = ['--profile', join(home, 'profile.json'), '--state-dir', join(home, 'state')];
  const run = async (words: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const { code, stdout, stderr } = await runCli([...words, ...common], { env: { HOME: home, ...env } });
    return { code, stdout, stderr };
  };
  const examine = async (words: readonly string[] = runtime, env = {}) => {
    const { code, stdout } = await run(['doctor', '--json', '--exit-code', ...words], env);
    const result = JSON.parse(stdout) as DoctorResult;
    return { code, stdout, ...result, check: Object.fromEntries(result.checks.map((check) => [check.name, check])) };
  };
  return { registry, home, run, runtime, examine };
}

describe('doctor', () => {
  it('finds nothing wrong where all is well, and fetches no layer', async () => {
    const { registry, examine } = await machine();
    const { code, status, checks } = await examine();
    expect({ code, status }).toEqual({ code: 0, status: 'ok' });
    expect(checks.map(({ name }) => name)).toEqual([
      'runtime',
      'plugins',
      'profile',
      'state',
      'clock',
      'registry',
      'image',
      'space',
    ]);
    expect(registry.requests).toHaveLength(6); // tag, index, manifest, config; signatures and what they sign
  });

  it('says of each runtime why it does not answer, and what to do', async () => {
    const { examine } = await machine();
    const { code, status, runtimes, check } = await examine([]);
    expect({ code, status }).toEqual({ code: 6, status: 'problems' });
    expect(check.runtime).toMatchObject({ status: 'problem', suggestions: [expect.any(String)] });
    expect(runtimes).toContainEqual(
      expect.objectContaining({
        name: 'podman',
        available: false,
        reason: expect.objectContaining({ code: 'RUNTIME_UNAVAILABLE' }),
      }),
    );
  });

  it('goes on where a part is broken: registry, proxy, profile, state, plugins', async () => {
    const { registry, home, run, runtime, examine } = await machine();
    await run(['upgrade', ...runtime]);
    writeFileSync(join(home, 'state/ledger.json'), 'torn');
    writeFiles(home, {
      '.config/dangerzone-image/plugins.json': { schema: 1, plugins: [{ name: 'gone', path: '/gone' }] },
    });
    const proxied = await examine(runtime, { ALL_PROXY: 'socks5h://user:secret@127.0.0.1:1' });
    expect(proxied.check).toMatchObject({
      runtime: { status: 'ok' },
      plugins: { status: 'problem', message: expect.stringContaining('gone') },
      state: { status: 'problem', suggestions: [expect.stringContaining('state repair')] },
      registry: { status: 'problem', message: expect.stringContaining('socks5h://127.0.0.1:1') },
    });
    expect(proxied.stdout).not.toContain('secret');
    await registry.close();
    expect((await examine()).check.registry).toMatchObject({ status: 'problem' });
    writeFileSync(join(home, 'profile.json'), '{');
    expect((await examine()).check).toMatchObject({ profile: { status: 'problem' }, runtime: { status: 'ok' } });
  });

  it('says when what is offered is not signed', async () => {
    const { registry, examine } = await machine();
    publishTestImage(registry, 'team/sandbox', buildTestImage({ created: new Date('2026-02-01') }), {
      tag: 'latest',
      signers: [],
    });
    expect((await examine()).check).toMatchObject({ registry: { status: 'ok' }, image: { status: 'problem' } });
  });

  it('can be pasted into a bug report: the home folder is not named', async () => {
    const { home, examine, run, runtime } = await machine();
    const { stdout } = await examine();
    expect(stdout).not.toContain(home);
    expect((await run(['doctor', ...runtime])).stdout).toContain('~/state');
  });

  it('leaves an empty home and the root folder as they are', () => {
    expect(withoutHome({ path: '/a' }, '/')).toEqual({ path: '/a' });
    expect(withoutHome({ path: '/a' }, undefined)).toEqual({ path: '/a' });
    expect(withoutHome({ paths: ['/h/u/x', 1] }, '/h/u')).toEqual({ paths: ['~/x', 1] });
  });

  it('compares the clock with the newest log entry', () => {
    const logged = [new Date('2026-03-01T00:00:00Z'), new Date('2026-02-01T00:00:00Z')];
    expect(checkClock(logged, new Date('2026-02-28T00:00:00Z'))).toMatchObject({ status: 'problem' });
    expect(checkClock(logged, new Date('2026-02-28T23:55:00Z'))).toMatchObject({ status: 'ok' });
    expect(checkClock([], new Date('1970-01-01T00:00:00Z'))).toMatchObject({ status: 'ok' });
  });
});
