import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliRun, runCli, steersTerminal, temporaryFolder, writeFiles } from './run-cli.test-support.ts';

const connections: string[] = [];
const server = createServer((request, response) => response.end(connections.push(request.url ?? '')));
let mirror = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const profile = { name: 'x', image: 'registry.example.org/x', keys: ['missing.pub'] };

function errorOf({ stdout }: CliRun): { code: string; message: string; suggestions: string[]; details: object } {
  expect(stdout.endsWith('}\n') && stdout.indexOf('\n') === stdout.length - 1).toBe(true);
  return JSON.parse(stdout).error;
}

/** Title, code, verb in the answer, words. The suggestion holds the last item where there is one. */
const wrong: readonly [string, string, string, readonly string[], RegExp?][] = [
  ['a typo in a verb', 'USAGE', '', ['upgrad'], /"dangerzone-image upgrade"/],
  ['a verb that is no verb', 'USAGE', '', ['constructor'], /upgrade, verify-local/],
  ['a verb of oclif’s spelling', 'USAGE', '', ['verify:local'], /verify-local/],
  ['an option before the verb', 'USAGE', '', ['--quiet', 'status'], /The verbs are/],
  ['a typo in an option', 'USAGE', 'upgrade', ['upgrade', '--forse'], /--force/],
  ['a typo in an option with a value', 'USAGE', 'upgrade', ['upgrade', '--runtme=podman'], /--runtime/],
  ['--force on the wrong verb', 'USAGE', 'check', ['check', '--force'], /option of: auto, load-archive, upgrade/],
  ['--exit-code on the wrong verb', 'USAGE', 'upgrade', ['upgrade', '--exit-code'], /option of: check, doctor, status/],
  ['an option of a later version', 'USAGE', 'verify-local', ['verify-local', '--pin=x'], /--help/],
  ['an option given twice', 'USAGE', 'status', ['status', '--profile', 'a', '--profile', 'b']],
  ['a switch given twice', 'USAGE', 'upgrade', ['upgrade', '--force', '--force']],
  ['a switch with a value', 'USAGE', 'verify-local', ['verify-local', '--quiet=false']],
  ['an option without its value', 'USAGE', 'status', ['status', '--profile']],
  ['an empty profile', 'USAGE', 'status', ['status', '--profile', '']],
  ['an empty state folder', 'USAGE', 'status', ['status', '--state-dir=']],
  ['an empty image', 'USAGE', 'verify-local', ['verify-local', '']],
  ['an empty mirror', 'USAGE', 'check', ['check', '--mirror', '']],
  ['an argument too many', 'USAGE', 'status', ['status', 'image']],
  ['a negative number for an argument', 'USAGE', 'status', ['status', '-5']],
  ['the image twice', 'USAGE', 'verify-local', ['verify-local', 'a', '--image', 'b']],
  ['--print of something else', 'USAGE', 'status', ['status', '--print', 'key']],
  ['--print beside --json', 'USAGE', 'status', ['status', '--print', 'ref']],
  ['a progress style that does not exist', 'USAGE', 'status', ['status', '--progress', 'fancy']],
  ['a timeout that is no number', 'USAGE', 'check', ['check', '--timeout', 'soon'], /--timeout 30/],
  ['an unknown runtime', 'RUNTIME_UNKNOWN', 'status', ['status', '--runtime', 'oci-layuot'], /--runtime oci-layout/],
  ['a runtime that is a path', 'RUNTIME_UNKNOWN', 'status', ['status', '--runtime', '../evil']],
  [
    'a runtime option that is none',
    'USAGE',
    'status',
    ['status', '--runtime', 'oci-layout', '--runtime-option', 'path'],
    /path=/,
  ],
  [
    'a runtime option that the adapter does not know',
    'USAGE',
    'status',
    ['status', '--runtime', 'oci-layout', '--runtime-option', 'folder=x'],
    /path=DIR/,
  ],
  ['a runtime without the option that it needs', 'USAGE', 'status', ['status', '--runtime', 'oci-layout'], /path=DIR/],
  [
    'a built-in profile that does not exist',
    'PROFILE_INVALID',
    'status',
    ['status', '--profile', 'dangerzon'],
    /dangerzone/,
  ],
  ['a profile file that does not exist', 'PROFILE_INVALID', 'status', ['status', '--profile', './missing.json']],
  ['no shell to complete in', 'USAGE', 'completion', ['completion'], /completion --help/],
  ['a decision that is none of the three', 'USAGE', 'updates', ['updates', 'maybe']],
  ['an interval that is no number', 'USAGE', 'updates', ['updates', 'on', '--interval', 'daily'], /--interval 24/],
  ['an interval of no time', 'USAGE', 'updates', ['updates', 'on', '--interval', '0']],
  ['a shell that is none of ours', 'USAGE', 'completion', ['completion', 'tcsh']],
  ['a profile that is no JSON', 'PROFILE_INVALID', 'status', ['status', '--profile', './broken.json']],
  ['a profile with a key that does not exist', 'PROFILE_INVALID', 'status', ['status', '--profile', './profile.json']],
  ['a profile with an unknown field', 'PROFILE_INVALID', 'status', ['status', '--profile', './field.json']],
  ['a mirror over plain http', 'USAGE', 'check', ['check', '--mirror', 'http://mirror.example.net'], /https:/],
  ['a mirror that is no URL', 'USAGE', 'check', ['check', '--mirror', 'mirror.example.net'], /https:/],
  ['only mirrors, and none', 'USAGE', 'check', ['check', '--mirror-only'], /--mirror/],
];

describe('wrong input', () => {
  it.each(wrong)('bad input 187: %s is %s', async (_, code, verb, words, suggestion) => {
    const cwd = temporaryFolder();
    writeFiles(cwd, { 'broken.json': '{', 'profile.json': profile, 'field.json': { ...profile, thresold: 2 } });
    // Each option once more than the row has it would itself be an error.
    const more =
      words.includes('check') && !words.some((word) => word.startsWith('--mirror')) ? ['--mirror', mirror] : [];
    const run = await runCli([...words, ...more, '--json'], { cwd });
    const error = errorOf(run);
    expect({ exit: run.code, code: error.code, verb: JSON.parse(run.stdout).verb }).toEqual({ exit: 2, code, verb });
    expect(error.message).not.toBe('');
    expect(error.suggestions.join('\n')).toMatch(suggestion ?? /./);
    expect(run.stderr).toBe('');
    expect(connections).toEqual([]);
  });

  it.each([
    '-v',
    '--tls-verify=false',
    '--authfile=/x',
    'a\nb',
    'a b',
    '$(id)',
    'registry.example.org/../x',
    'A/B',
    'x@sha256:12',
  ])('bad input 168: the image name %j is no reference', async (name) => {
    for (const verb of ['verify-local', 'store-signatures']) {
      const run = await runCli([verb, '--json', '--', name]);
      expect({ exit: run.code, code: errorOf(run).code }).toEqual({ exit: 2, code: 'REFERENCE_INVALID' });
    }
  });

  it('bad input 189: a reference of ten kilobytes is refused, and cut where it is shown', async () => {
    const run = await runCli(['verify-local', '--json', `a${'-a'.repeat(5000)}!`]);
    expect({ exit: run.code, code: errorOf(run).code }).toEqual({ exit: 2, code: 'REFERENCE_INVALID' });
    expect(run.stdout.length).toBeLessThan(1000);
  });

  const hostile = 'a\u001b]52;c;eA==\u0007\u001b[2J\r\b\u009b31m\u202e\u2066\u200b\ufeff\nb';

  it.each([
    [[hostile]],
    [[`--${hostile}`]],
    [['status', hostile]],
    [['status', `--${hostile}=x`]],
    [['status', '--profile', hostile]],
    [['status', '--profile', `./${hostile}.json`]],
    [['status', '--runtime', hostile]],
    [['status', '--runtime', 'oci-layout', '--runtime-option', hostile]],
    [['status', '--runtime', 'oci-layout', '--runtime-option', `x=${hostile}`]],
    [['status', '--runtime', 'oci-layout', '--runtime-option', `${hostile}=x`]],
    [['status', '--progress', hostile]],
    [['check', '--mirror', hostile]],
    [['check', '--mirror', `https://${hostile}/`]],
    [['check', '--timeout', hostile]],
    [['verify-local', hostile]],
    [['verify-local', `registry.example.org/x:${hostile}`]],
  ])('bad input 182: hostile text in %j is printed escaped', async (words) => {
    for (const form of [['--debug'], ['--debug', '--json']]) {
      const { code, stdout, stderr } = await runCli([...words, ...form]);
      expect(code).toBe(2);
      expect(stdout + stderr).not.toMatch(steersTerminal);
      if (form.includes('--json')) expect(JSON.parse(stdout)).toHaveProperty('error.code');
    }
  });

  it('tells a person the code, the message and what to do, and nothing else', async () => {
    const { code, stdout, stderr } = await runCli(['check', '--force']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.split('\n')).toEqual([
      '❌ USAGE: unknown option "--force" of check',
      '→ --force is an option of: auto, load-archive, upgrade',
      '→ dangerzone-image check --help lists the options.',
      '',
    ]);
  });

  it('says that no runtime answers, and why, when none was named', async () => {
    const run = await runCli(['status', '--json']);
    expect(run.code).toBe(6);
    expect(errorOf(run)).toMatchObject({
      code: 'RUNTIME_UNAVAILABLE',
      details: { runtimes: [{ name: 'podman' }, { name: 'docker-desktop' }, { name: 'docker' }] },
    });
  });

  it('has members of exactly these names in an error', async () => {
    const answer = JSON.parse((await runCli(['status', '--nope', '--json'])).stdout);
    expect(Object.keys(answer)).toEqual(['schema', 'verb', 'error']);
    expect(Object.keys(answer.error)).toEqual(['code', 'message', 'suggestions', 'details']);
  });

  it('shows a stack trace with --debug only, and on stderr', async () => {
    expect((await runCli(['status', '--profile', 'x'])).stderr).not.toMatch(/^\s+at /m);
    const { stdout, stderr } = await runCli(['status', '--profile', 'x', '--debug', '--json']);
    expect(stdout).not.toContain('    at ');
    expect(stderr).toMatch(/^\s+at /m);
  });
});
