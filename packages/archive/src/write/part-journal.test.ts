import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ArchivePlan } from './archive-plan.ts';
import { openJournal } from './part-journal.ts';

const digestOf = (letter: string) => `sha256:${letter.repeat(64)}` as const;
const layers = ['a', 'b'].map((letter) => ({ at: 512, digest: digestOf(letter), size: 1000 }));
const plan: ArchivePlan = { size: 4096, known: [], layers, id: digestOf('1') };

async function createPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'journal-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'x.journal');
}

/** What the next run reads, after one that recorded 700 bytes of the second layer. */
async function reopened(change: (text: string) => string, next = plan, isNew = false): Promise<number[]> {
  const path = await createPath();
  const first = await openJournal(path, plan, { isNew: true });
  await first.record(digestOf('b'), 1000);
  await first.record(digestOf('b'), 700);
  await first.close();
  await writeFile(path, change(await readFile(path, 'latin1')), 'latin1');
  const second = await openJournal(path, next, { isNew });
  await second.close();
  const third = await openJournal(path, next, { isNew: false });
  await third.close();
  expect(layers.map(({ digest }) => third.bytesOf(digest))).toEqual(layers.map(({ digest }) => second.bytesOf(digest)));
  return layers.map(({ digest }) => second.bytesOf(digest));
}

describe('openJournal', () => {
  it('tells the next run what was recorded last', async () => {
    expect(await reopened((text) => text)).toEqual([0, 700]);
  });

  it('knows nothing where the unfinished file is a new one, or another plan’s', async () => {
    expect(await reopened((text) => text, plan, true)).toEqual([0, 0]);
    expect(await reopened((text) => text, { ...plan, id: digestOf('2') })).toEqual([0, 0]);
  });

  it.each<[string, (text: string) => string]>([
    ['cut off', (text) => text.slice(0, -1)],
    ['longer', (text) => `${text}x`],
    ['empty', () => ''],
    ['with a layer of another name', (text) => text.replace('bbbb', 'cccc')],
    ['with more bytes than the layer has', (text) => text.replace('0700', '1001')],
    ['with a count that is none', (text) => text.replace('0700', '-700')],
    ['with a count in another spelling', (text) => text.replace('0000700', '    700')],
  ])('knows nothing of a journal that is %s', async (_name, change) => {
    expect(await reopened(change)).toEqual([0, 0]);
  });
});
