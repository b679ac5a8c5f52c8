import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StateShowResult } from '@dangerzone-image/core';
import { createTestSigner } from '@dangerzone-image/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { runCli, steersTerminal, temporaryFolder, writeFiles } from '../run-cli.test-support.ts';
import { stateShowLines } from './state-lines.ts';

const image = 'registry.example.org/team/sandbox';
const signer = createTestSigner({ image });
const TOO_HIGH = 4_503_599_627_370_496;
let cwd: string;

beforeEach(() => {
  cwd = temporaryFolder();
  const transparencyLog = { keys: ['log.pub'], floor: { [signer.logId]: 50 } };
  writeFiles(cwd, {
    'profile.json': { name: 'test', image, keys: ['key.pub'], transparencyLog },
    'key.pub': signer.publicKeyPem,
    'log.pub': signer.logPublicKeyPem,
    'state/ledger.json': { schema: 1, image, floors: { [signer.logId]: TOO_HIGH }, releases: [], seen: {} },
  });
});

const run = (...words: string[]) =>
  runCli(['state', ...words, '--profile', './profile.json', '--state-dir', 'state'], { cwd });

describe('what a person reads', () => {
  it('show says what is wrong and what mends it', async () => {
    const { code, stdout } = await run('show');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^❌ Damaged: 1 problem/);
    expect(stdout).toContain(`the floor ${TOO_HIGH} of log ${signer.logId}`);
    expect(stdout).toContain('dangerzone-image state repair --dry-run');
  });

  it('repair says before it lowers a floor from where to where, and what that opens', async () => {
    const { code, stdout } = await run('repair', '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toContain(`from ${TOO_HIGH} to 50`);
    expect(stdout).toContain('a lower floor lets older signed images in');
  });

  it('show tells of a repair ever after', async () => {
    expect((await run('repair', '--yes')).stdout).toMatch(/^✅ OK: the state is repaired; this was recorded/);
    const { stdout } = await run('show');
    expect(stdout).toMatch(/^✅ OK: the state is sound/);
    expect(stdout).toContain(`lower-floor, floor of log ${signer.logId.slice(0, 16)}… from ${TOO_HIGH}`);
  });

  it('reset says what is forgotten and where it goes', async () => {
    const { stdout } = await run('reset', '--dry-run');
    expect(stdout).toContain('0 accepted release(s)');
    expect(stdout).toMatch(/it goes to reset-\d{8}T\d{6}Z: ledger\.json\./);
    expect((await run('reset', '--yes')).stdout).toMatch(/^✅ OK: everything about the image is forgotten/);
  });

  it('nothing of the names in a folder steers a terminal', async () => {
    writeFileSync(join(cwd, 'state', 'ledger.json.damaged-1'), '');
    writeFileSync(join(cwd, 'state', '.\u001b[2J\u202e.0123456789abcdef.part'), '');
    for (const words of [['show'], ['show', '--json'], ['repair', '--dry-run']]) {
      const { stdout } = await run(...words);
      expect(stdout).toContain('.part');
      expect(stdout).not.toMatch(steersTerminal);
    }
  });

  it('bundles are counted where there are any', () => {
    const stored = (files: number) =>
      stateShowLines({ ...emptyState, bundles: { files, damaged: [] } }).find((line) => line.includes('stored:'));
    expect(stored(2)).toContain('0 document(s), 2 bundle(s)');
    expect(stored(0)).not.toContain('bundle');
  });

  it('a floor says what supports it', () => {
    const digest = `sha256:${'d'.repeat(64)}` as const;
    const floor = {
      log: signer.logId,
      index: 7,
      origins: [{ source: 'ledger.json', index: 7 }],
      isSupported: true,
    } as const;
    const by = (facts: object) =>
      stateShowLines({
        ...emptyState,
        floors: [{ ...floor, ...facts }],
      }).find((line) => line.includes('accepted from entry 7'));
    expect(by({ supported: 7, proven: { index: 7, digest } })).toContain('by the stored signature of sha256:');
    expect(by({ supported: 7, recorded: { index: 7, digest } })).toContain('by the record of sha256:');
    expect(by({ supported: 7 })).toContain('by the profile');
    expect(by({})).toContain('by nothing');
  });
});

const emptyState: StateShowResult = {
  verb: 'state show',
  status: 'healthy',
  folder: '/state',
  isShared: false,
  profile: 'test',
  image,
  releases: [],
  floors: [],
  signatures: { files: 0, valid: 0, damaged: [] },
  documents: { files: 0, damaged: [], missing: [] },
  bundles: { files: 0, damaged: [] },
  repairs: [],
  leftOvers: [],
  kept: [],
  problems: [],
  notices: [],
};

describe('exit codes and JSON', () => {
  it.each([
    ['repair', 'CONSENT_DECLINED', 9],
    ['reset', 'CONSENT_DECLINED', 9],
  ])('state %s asks nobody without a terminal', async (verb, expected, exit) => {
    const { code, stdout, stderr } = await run(verb, '--json');
    const { error, ...members } = JSON.parse(stdout);
    expect({ code, members, error: error.code }).toEqual({
      code: exit,
      members: { schema: 1, verb: `state ${verb}` },
      error: expected,
    });
    expect(error.suggestions.join()).toContain(`state ${verb} --yes`);
    expect(stderr).toBe('');
  });

  it('each prints one JSON object and nothing else', async () => {
    for (const [words, status] of [
      [['show'], 'damaged'],
      [['repair', '--dry-run'], 'planned'],
      [['repair', '--yes'], 'repaired'],
      [['repair', '--yes'], 'nothing-to-do'],
      [['show'], 'healthy'],
      [['reset', '--yes'], 'reset'],
      [['reset', '--yes'], 'nothing-to-do'],
    ] as const) {
      if (words[0] === 'show') writeFiles(cwd, { 'state/downloads/x': 'a layer' });
      const { code, stdout, stderr } = await run(...words, '--json');
      expect(stdout.indexOf('\n')).toBe(stdout.length - 1);
      expect({ code, stderr, ...JSON.parse(stdout) }).toMatchObject({
        code: 0,
        stderr: '',
        schema: 1,
        verb: `state ${words[0]}`,
        status,
      });
    }
  });

  it('--yes beside --dry-run is a mistake', async () => {
    expect((await run('repair', '--yes', '--dry-run')).code).toBe(2);
  });

  it('what a person must mend by hand stops a repair', async () => {
    writeFileSync(join(cwd, 'state', 'manifests'), 'a file');
    expect((await run('repair', '--yes')).code).toBe(8);
    expect((await run('show')).code).toBe(0);
  });
});

describe('state alone', () => {
  it.each([[[]], [['--help']], [['-h']]])('with %j is a call for help', async (words) => {
    const { code, stdout } = await runCli(['state', ...words]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/state repair[\s\S]+state reset[\s\S]+state show/);
  });

  it('each of its verbs has help with examples', async () => {
    for (const verb of ['show', 'repair', 'reset']) {
      expect((await runCli(['state', verb, '--help'])).stdout).toContain(`$ dangerzone-image state ${verb}`);
    }
  });

  it.each([
    [['state', 'shw'], /"dangerzone-image state show"/],
    [['state', '--json'], /state show/],
    [['state:show'], /"dangerzone-image state show"/],
    [['state', 'show', 'x'], /state show --help/],
    [['state', 'show', '--yes'], /option of: auto, state repair, state reset/],
  ])('%j is a mistake, with a hint', async (words, hint) => {
    const { code, stdout } = await runCli([...words, ...(words.includes('--json') ? [] : ['--json'])]);
    expect(code).toBe(2);
    expect(JSON.parse(stdout).error.suggestions.join()).toMatch(hint);
  });
});
