import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { prepareMachine } from './docs-given.ts';
import { printsAs, readPage } from './docs-page.ts';

const names = [
  'keep-up-to-date',
  'verify-before-a-run',
  'attest-provenance',
  'air-gap',
  'behind-a-proxy',
  'own-image',
  'in-ci',
  'beside-dangerzone',
  'state',
  'trust',
  'decision',
];
const pages = names.map((name) => readPage(name));
const hasShell = spawnSync('sh', ['-c', 'exit 0']).status === 0;
if (!hasShell) console.warn('skipped: no sh here, which the pages are written for');

const firstCommand = (script: string) => script.split('\n').find((line) => line !== '' && !line.startsWith('#')) ?? '';

describe.skipIf(!hasShell).concurrent('the task pages of docs/', () => {
  for (const { name, runnable } of pages) {
    for (const [index, { script, exitCode, given, files, prints }] of runnable.entries()) {
      it(`docs/${name}.md, block ${index + 1}: ${firstCommand(script)}`, async () => {
        const { machine, afterwards } = await prepareMachine(given, files);
        await using _ = machine;
        const { code, printed } = await machine.run(script);
        expect({ code, printed }).toMatchObject({ code: exitCode });
        if (prints !== undefined) expect(printed).toMatch(printsAs(prints));
        afterwards();
      });
    }
  }
});

describe('what the pages say', () => {
  it.each(pages)(
    'has commands that are run, and no comment of another kind ($name)',
    ({ runnable, unknownComments }) => {
      expect(runnable).not.toHaveLength(0);
      expect(unknownComments).toEqual([]);
    },
  );

  it('is run but for this: schedulers, other systems, engines, cosign', () => {
    const notRun = Object.fromEntries(pages.map((page) => [page.name, page.notRun]));
    expect(notRun).toEqual({
      'keep-up-to-date': [
        '# dangerzone-image.service',
        '# dangerzone-image.timer',
        '$ systemctl --user enable --now dangerzone-image.timer',
        'PATH=/usr/local/bin:/usr/bin:/bin',
        expect.stringContaining('New-ScheduledTaskAction'),
      ],
      'verify-before-a-run': [expect.stringContaining('podman run --rm --pull=never')],
      'attest-provenance': [],
      'air-gap': [],
      'behind-a-proxy': ['$ podman login registry.example.org'],
      'own-image': [
        '$ cosign generate-key-pair',
        expect.stringContaining('$ cosign sign --key cosign.key registry'),
        expect.stringContaining('$ cosign sign --key cosign.key registry'),
        expect.stringContaining('/api/v1/log/publicKey'),
        expect.stringContaining('"threshold": 1'),
      ],
      'in-ci': [],
      'beside-dangerzone': [],
      state: [],
      trust: [],
      decision: [expect.stringContaining('$ dangerzone-image auto')],
    });
  });
});
