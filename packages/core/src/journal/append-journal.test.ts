import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import { systemError, unsyncedFs, withFaults } from '../ledger/failing-fs.test-support.ts';
import type { JournalEnd } from '../ledger/ledger.ts';
import { systemCode } from '../ledger/state-fault.ts';
import type { StateFs } from '../ledger/state-fs.ts';
import { appendJournal } from './append-journal.ts';
import { formatRecord, hashOf, type JournalEntry } from './journal-record.ts';
import { MAX_SEGMENT_BYTES, MAX_SEGMENTS } from './journal-segments.ts';
import { verifyJournal } from './verify-journal.ts';

const time = new Date('2026-06-01T00:00:00Z');

/** A journal, and where it ends as the ledger would know it. */
function journal(fs: StateFs = unsyncedFs) {
  const folder = { path: mkdtempSync(join(tmpdir(), 'journal-')) };
  onTestFinished(() => rmSync(folder.path, { recursive: true }));
  const files = () => readdirSync(join(folder.path, 'journal')).map((name) => join(folder.path, 'journal', name));
  let end: JournalEnd | undefined;
  return {
    folder,
    files,
    get end() {
      return end;
    },
    async add(entries: readonly JournalEntry[], { isKilledAfter = false, with: other = fs } = {}) {
      const next = await appendJournal(folder, end, entries, { verb: 'upgrade', time, fs: other });
      if (!isKilledAfter) end = next;
    },
    loseLedger() {
      end = undefined;
    },
    verify: () => verifyJournal(folder, end, { fs }),
    edit(change: (text: string) => string, at = 0) {
      const file = files()[at] as string;
      writeFileSync(file, change(readFileSync(file, 'utf8')), { mode: 0o600 });
    },
  };
}

const one = '0000000001.jsonl';
const own = { mode: 0o600 };
const installed = (name: string): JournalEntry => ({ event: 'installed', message: name });
const whole = { problems: [], isTorn: false };

const MAX = Number.MAX_SAFE_INTEGER;

/** With one more record, in its place in the chain. */
function followed(text: string): string {
  const lines = text.trimEnd().split('\n');
  const previous = hashOf(lines.at(-1) as string);
  return `${[...lines, formatRecord({ ...installed('four'), number: 4, previous, time, verb: 'upgrade' })].join('\n')}\n`;
}

async function three() {
  const written = journal();
  for (const name of ['one', 'two', 'three']) await written.add([installed(name)]);
  return written;
}

describe('a journal', () => {
  it('keeps what was recorded, in order, each record after the one before', async () => {
    const { verify, end } = await three();
    const report = await verify();
    expect(report).toMatchObject(whole);
    expect(report.records.map(({ number, message }) => `${number} ${message}`)).toEqual(['1 one', '2 two', '3 three']);
    expect(end).toMatchObject({ count: 3, first: 1 });
  });

  it('is empty and sound where nothing was ever recorded', async () => {
    expect(await journal().verify()).toEqual({ records: [], ...whole });
  });

  it.each<[string, (text: string) => string]>([
    ['a letter in the middle', (text) => text.replace('one', 'One')],
    ['a letter in the last record', (text) => text.replace('three', 'Three')],
    ['a line that is no JSON', (text) => text.replace('{"number":2', '{number:2')],
    ['a record taken out of the middle', (text) => text.split('\n').toSpliced(1, 1).join('\n')],
    ['the first record taken out', (text) => text.split('\n').toSpliced(0, 1).join('\n')],
    ['the last record taken out', (text) => text.split('\n').toSpliced(2, 1).join('\n')],
    ['the last record cut off in its middle', (text) => text.slice(0, -20)],
    ['a record put in twice', (text) => `${text}${text.split('\n')[2]}\n`],
    [
      'two records that changed places',
      (text) =>
        text
          .split('\n')
          .toSpliced(0, 2, ...text.split('\n').slice(0, 2).toReversed())
          .join('\n'),
    ],
    ['everything taken out', () => ''],
    ['a last record that was changed and then followed by another', (text) => followed(text.replace('three', 'Three'))],
    ['a last record with a number that leaves no next one', (text) => text.replace('"number":3', `"number":${MAX}`)],
  ])('shows %s as damage, also after the next record', async (_, change) => {
    const written = await three();
    written.edit(change);
    expect((await written.verify()).problems).not.toEqual([]);
    await written.add([installed('four')]);
    expect((await written.verify()).problems).not.toEqual([]);
    await written.add([installed('five')]);
    const { problems, records } = await written.verify();
    expect(problems).not.toEqual([]);
    expect(records.at(-1)).toMatchObject({ message: 'five' });
  });

  it('whose end was edited to the highest number goes on with numbers that the ledger can keep', async () => {
    const written = await three();
    written.edit((text) => text.replace('"number":3', `"number":${MAX}`));
    await written.add([installed('four')]);
    expect(written.end?.count).toBeLessThan(MAX);
  });

  it.each<[string, (folder: string) => void]>([
    ['its last file', (folder) => appendFileSync(join(folder, one), 'no record\n')],
    ['a file of records to come', (folder) => writeFileSync(join(folder, '0000000004.jsonl'), 'no record\n', own)],
    ['a file with records of others', (folder) => copyFileSync(join(folder, one), join(folder, '0000000004.jsonl'))],
  ])('with damage in %s goes on, also where the ledger was lost: a record stops no upgrade', async (_, damage) => {
    for (const isLost of [false, true]) {
      const written = await three();
      damage(join(written.folder.path, 'journal'));
      if (isLost) written.loseLedger();
      await written.add([installed('four')]);
      await written.add([installed('five')]);
      const { problems, records } = await written.verify();
      expect(problems).not.toEqual([]);
      expect(records.map(({ message }) => message)).toEqual(expect.arrayContaining(['one', 'two', 'four', 'five']));
    }
  });

  it('that was deleted shows as damage', async () => {
    const written = await three();
    rmSync(join(written.folder.path, 'journal'), { recursive: true });
    expect((await written.verify()).problems).toEqual(['records 1 to 3 are missing at the end']);
  });

  it('says "record", where one is missing', async () => {
    const written = await three();
    written.edit((text) => text.split('\n').toSpliced(2, 1).join('\n'));
    expect((await written.verify()).problems).toEqual(['record 3 is missing at the end']);
  });

  it('with a torn last line after a kill is incomplete, not damaged, and goes on', async () => {
    const written = await three();
    const half = withFaults(unsyncedFs, (call) => (call === 'write' ? systemError('EIO') : 'go on'));
    await expect(written.add([installed('four')], { with: half })).rejects.toMatchObject({ code: 'STATE_INVALID' });
    expect(await written.verify()).toMatchObject({ problems: [], isTorn: true });
    await written.add([installed('five')]);
    const report = await written.verify();
    expect(report).toMatchObject(whole);
    expect(report.records.map(({ message }) => message)).toEqual(['one', 'two', 'three', 'five']);
  });

  it('that a kill left ahead of the ledger is sound, and goes on', async () => {
    const written = await three();
    await written.add([installed('four')], { isKilledAfter: true });
    expect(await written.verify()).toMatchObject(whole);
    await written.add([installed('five')]);
    expect(await written.verify()).toMatchObject(whole);
    expect(written.end?.count).toBe(5);
  });

  it.each([
    [10, 1],
    [275, 2],
  ])('of %d records is sound, or torn at its end, whichever call of the next write fails', async (count, files) => {
    const entries = Array.from({ length: count }, () => installed('x'.repeat(300)));
    const calls: string[] = [];
    const counting = withFaults(unsyncedFs, (call) => {
      calls.push(call);
      return 'go on';
    });
    const counted = journal();
    await counted.add(entries);
    expect(counted.files().length).toBe(1);
    await counted.add([installed('new')], { with: counting });
    expect(counted.files().length).toBe(files);
    for (const [failing, name] of calls.entries()) {
      const written = journal();
      await written.add(entries);
      let call = 0;
      const faulty = withFaults(unsyncedFs, () => (call++ === failing ? systemError('EIO') : 'go on'));
      await written.add([installed('new')], { with: faulty }).catch((error: unknown) => {
        if (codeOf(error) === undefined && systemCode(error) !== 'EIO') throw error;
      });
      expect((await written.verify()).problems, `call ${failing} (${name})`).toEqual([]);
      await written.add([installed('after')]);
      expect(await written.verify(), `call ${failing} (${name})`).toMatchObject(whole);
    }
  });

  it('is rotated: refused input, however much and however long, cannot fill the disk', async () => {
    const written = journal();
    await written.add([installed('first')]);
    const refused: JournalEntry = { event: 'refused', code: 'X', message: '\u0001"'.repeat(5000) };
    for (let run = 0; run < 1000; run++) await written.add([refused]);
    const sizes = written.files().map((file) => statSync(file).size);
    expect(sizes.length).toBeGreaterThanOrEqual(MAX_SEGMENTS);
    expect(sizes.length).toBeLessThanOrEqual(MAX_SEGMENTS + 1);
    for (const size of sizes) expect(size).toBeLessThanOrEqual(MAX_SEGMENT_BYTES);
    const report = await written.verify();
    expect(report).toMatchObject(whole);
    expect(report.records.at(-1)?.number).toBe(1001);
    expect(report.records[0]?.number).toBeGreaterThan(1);
  });

  it('that lost its oldest file to somebody else shows it', async () => {
    const written = journal();
    for (let run = 0; run < 4; run++) await written.add(Array.from({ length: 250 }, () => installed('x'.repeat(300))));
    expect(written.files().length).toBeGreaterThan(1);
    rmSync(written.files()[0] as string);
    expect((await written.verify()).problems).toEqual([expect.stringContaining('missing at the beginning')]);
  });

  it('is not written through a link', async () => {
    const written = await three();
    const [file] = written.files() as [string];
    const elsewhere = join(written.folder.path, 'elsewhere');
    rmSync(file);
    writeFileSync(elsewhere, '', { mode: 0o600 });
    symlinkSync(elsewhere, file);
    await written.add([installed('four')]);
    expect(readFileSync(elsewhere, 'utf8')).toBe('');
    expect((await written.verify()).problems).not.toEqual([]);
  });
});
