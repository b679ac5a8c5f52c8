import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildTestImage, createTestSigner, publishTestImage, startTestRegistry } from '@dangerzone-image/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bin, runCli, temporaryFolder, writeFiles } from './run-cli.test-support.ts';

const REPOSITORY = 'team/sandbox';
let registry: Awaited<ReturnType<typeof startTestRegistry>>;
let signer: ReturnType<typeof createTestSigner>;
let cwd: string;

beforeAll(async () => {
  registry = await startTestRegistry();
  const name = `${registry.host}/${REPOSITORY}`;
  signer = createTestSigner({ image: name });
  cwd = temporaryFolder();
  const profile = {
    name: 'test',
    image: name,
    keys: ['key.pub'],
    transparencyLog: { keys: ['log.pub'] },
    freshnessDays: 1,
  };
  writeFiles(cwd, { 'profile.json': profile, 'key.pub': signer.publicKeyPem, 'log.pub': signer.logPublicKeyPem });
  publishTestImage(registry, REPOSITORY, buildTestImage({ created: new Date('2020-01-01') }), {
    signers: [signer],
    time: new Date('2020-01-02'),
  });
});
afterAll(() => registry.close());

function run(verb: string, ...words: string[]) {
  const common = [
    '--profile',
    './profile.json',
    '--state-dir',
    'state',
    '--runtime',
    'oci-layout',
    '--runtime-option',
    'path=images',
  ];
  return runCli([verb, ...words, ...common], { cwd });
}

describe('the verbs, in the order of a first use', () => {
  it('exit codes report only where that was asked for', async () => {
    const codes = [];
    for (const words of [
      ['check'],
      ['check', '--exit-code'],
      ['check', '--fail-if-stale'],
      ['status'],
      ['status', '--exit-code'],
      ['status', '--print', 'ref'],
      ['verify-local'],
    ]) {
      codes.push((await run(words[0] as string, ...words.slice(1), '--quiet')).code);
    }
    expect(codes).toEqual([0, 10, 10, 0, 6, 6, 6]);
  });

  it('upgrade prints progress on stderr and one JSON object on stdout', async () => {
    const { code, stdout, stderr } = await run('upgrade', '--json', '--progress', 'json');
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({
      code: 0,
      schema: 1,
      verb: 'upgrade',
      status: 'installed',
      signatures: [{ verdict: 'accepted' }],
    });
    const events = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).type);
    expect(events.indexOf('size')).toBeLessThan(events.indexOf('transfer'));
  });

  it('verify-local and status print alone what to run', async () => {
    const verified = await run('verify-local', '--print', 'ref', '--quiet');
    expect(verified).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^127\.0\.0\.1:\d+\/team\/sandbox@sha256:[0-9a-f]{64}\n$/),
    });
    expect((await run('status', '--print', 'ref')).stdout).toBe(verified.stdout);
  });

  it('verify-local refuses to vouch for another image than the one that was installed', async () => {
    const { code: other } = await run('verify-local', 'registry.example.org/other');
    const { code: otherTag } = await run('verify-local', `${registry.host}/${REPOSITORY}:old`);
    const { code: otherDigest } = await run('verify-local', `${registry.host}/${REPOSITORY}@sha256:${'0'.repeat(64)}`);
    expect({ other, otherTag, otherDigest }).toEqual({ other: 2, otherTag: 2, otherDigest: 3 });
  });

  it('what is piped in is never taken for the image', async () => {
    const words = ['verify-local', '--profile', './profile.json', '--state-dir', 'state', '--runtime', 'oci-layout'];
    const piped = await runCli([...words, '--runtime-option', 'path=images'], {
      cwd,
      input: 'registry.example.org/other\n',
    });
    expect(piped.code).toBe(0);
  });

  it('--quiet leaves a success without a word', async () => {
    expect(await run('upgrade', '--quiet')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('bad input 97: a replaced log key is announced on stderr, also with --quiet; a bad one is refused', async () => {
    const env = {
      SIGSTORE_REKOR_PUBLIC_KEY: join(cwd, 'log.pub'),
      TUF_ROOT: '/dev/null',
      SIGSTORE_ROOT_FILE: '/dev/null',
      COSIGN_REPOSITORY: 'evil.example.org/x',
    };
    const words = ['status', '--quiet', '--runtime', 'oci-layout', '--runtime-option', 'path=images'];
    expect((await runCli(words, { env })).stderr).toMatch(/^⚠️ Note: SIGSTORE_REKOR_PUBLIC_KEY is in force/);
    expect((await runCli(words, { env: { ...env, SIGSTORE_REKOR_PUBLIC_KEY: '' } })).stderr).toBe('');
    expect((await runCli(words, { env: { ...env, SIGSTORE_REKOR_PUBLIC_KEY: '/missing.pub' } })).code).toBe(2);
  });
});

describe('completion', () => {
  it.each(['bash', 'zsh', 'fish', 'powershell'])('prints a script for %s and writes nothing', async (shell) => {
    const home = temporaryFolder();
    const { code, stdout, stderr } = await runCli(['completion', shell], { cwd: home, env: { HOME: home } });
    expect({ code, stderr, files: readdirSync(home) }).toEqual({ code: 0, stderr: '', files: [] });
    for (const word of ['verify-local', 'state-dir', 'oci-layout', 'podman', 'dangerzone'])
      expect(stdout).toContain(word);
  });

  it('with --json, the same script is a member of the result', async () => {
    const { stdout: script } = await runCli(['completion', 'fish']);
    const { code, stdout } = await runCli(['completion', 'fish', '--json']);
    expect({ code, ...JSON.parse(stdout) }).toEqual({
      code: 0,
      schema: 1,
      verb: 'completion',
      status: 'created',
      shell: 'fish',
      script,
    });
  });

  it('names the runtimes of packages that were added, and runs none of their code', async () => {
    const home = temporaryFolder();
    const hook = { target: './index.js', identifier: 'createRuntime' };
    const files = { 'package.json': { name: 'runtime-lima', oclif: { hooks: { 'runtime:lima': hook } } } };
    writeFiles(join(home, 'lima'), { ...files, 'index.js': 'process.exit(99)' });
    const env = { HOME: home };
    expect((await runCli(['completion', 'bash'], { env })).stdout).not.toContain('lima');
    expect((await runCli(['plugins', 'add', './lima'], { env, cwd: home })).code).toBe(0);
    const { code, stdout } = await runCli(['completion', 'bash'], { env });
    const words = 'words=(docker docker-desktop lima oci-layout podman)';
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining(words) });
  });

  it('depends on no settings, and takes the common options without showing them', async () => {
    const home = temporaryFolder();
    writeFiles(home, { '.config/dangerzone-image/config.json': '{' });
    expect((await runCli(['completion', 'bash', '--quiet'], { env: { HOME: home } })).code).toBe(0);
    expect((await runCli(['completion', '--help'])).stdout).not.toContain('--quiet');
  });
});

describe('what is shipped', () => {
  it('has the verbs of this version in its manifest, and no path of the machine that built it', () => {
    const text = readFileSync(join(bin, '../../oclif.manifest.json'), 'utf8');
    expect(Object.keys(JSON.parse(text).commands).sort()).toEqual([
      'attest-provenance',
      'auto',
      'check',
      'completion',
      'doctor',
      'history',
      'inspect-archive',
      'load-archive',
      'pin',
      'plugins:add',
      'plugins:list',
      'plugins:remove',
      'prepare-archive',
      'runtimes',
      'state:repair',
      'state:reset',
      'state:show',
      'status',
      'store-signatures',
      'trust:export',
      'trust:show',
      'trust:update',
      'unpin',
      'updates',
      'upgrade',
      'verify-local',
    ]);
    expect(text).not.toContain(join(bin, '../..'));
  });

  it('tells its version, and exit codes in its help', async () => {
    const { version } = JSON.parse(readFileSync(join(bin, '../../package.json'), 'utf8'));
    expect((await runCli(['--version'])).stdout).toMatch(new RegExp(`^dangerzone-image/${version} `));
    expect((await runCli([])).stdout).toContain('EXIT CODES');
    expect((await runCli(['upgrade', '-h'])).stdout).toContain('EXAMPLES');
    expect(existsSync(join(bin, '../../dist/commands/upgrade.test.js'))).toBe(false);
  });
});
