import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { digestOf } from '../oci/digest.ts';
import { formatLedger } from './format-ledger.ts';
import { writeLastLogIndex } from './last-log-index.ts';
import { emptyLedger, type Ledger } from './ledger.ts';
import {
  beginPending,
  clearPending,
  commitInstalled,
  recordCheck,
  recordRuntime,
  recordSeen,
} from './ledger-changes.ts';
import { type ReadLedgerOptions, readLedger, writeLedger } from './ledger-file.ts';
import { effectiveFloors, requireInstallable } from './order.ts';
import type { Release } from './release.ts';
import type { StateFolder } from './state-folder.ts';

const LOG = 'c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d';
const image = 'ghcr.io/freedomofpress/dangerzone/v1';
const dangerzone = { image, floor: { [LOG]: 150 }, dangerzoneLogId: LOG };
const other = { image, floor: {} };
const now = new Date('2026-06-01T12:00:00.500Z');

function release(name: string, index: number): Release {
  const digest = (part: string) => digestOf(Buffer.from(`${name} ${part}`));
  const created = new Date(Date.UTC(2026, 0, 1) + index * 1000);
  return {
    signed: digest('index'),
    index: digest('index'),
    manifest: digest('manifest'),
    config: digest('config'),
    created,
    ranks: { [LOG]: index },
  };
}

const [first, second] = [release('first', 200), release('second', 300)];
const install = (ledger: Ledger, next: Release) => commitInstalled(ledger, next, { now, forced: false });
const onSecond = install(install(emptyLedger(image), first), second);

let folder: StateFolder;
beforeEach(() => {
  folder = { path: mkdtempSync(join(tmpdir(), 'ledger-')) };
  mkdirSync(join(folder.path, 'signatures'), { mode: 0o700 });
});
afterEach(() => rmSync(folder.path, { recursive: true, force: true }));

const put = (name: string, content: string | Uint8Array) =>
  writeFileSync(join(folder.path, name), content, { mode: 0o600 });
const text = (name: string) => readFileSync(join(folder.path, name), 'utf8');
const FLOOR = 'signatures/last_log_index';
const read = (options: ReadLedgerOptions = {}, profile: typeof dangerzone | typeof other = dangerzone) =>
  readLedger(folder, profile, { now: () => now, wait: async () => undefined, ...options });
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error as { code: string; suggestions: string[] },
  );

describe('readLedger', () => {
  it('starts with nothing, and reads what was written', async () => {
    expect(await read()).toEqual({ ledger: emptyLedger(image), origin: 'new', notices: [] });
    const full = recordRuntime(
      recordCheck(
        beginPending(recordSeen(onSecond, { digest: first.signed, ranks: { [LOG]: 190 }, loggedAt: now }), {
          release: first,
          temporaryName: 'localhost/work:incoming',
          stableName: `${image}:latest`,
          since: now,
          forced: true,
        }),
        { time: now, digest: second.signed },
      ),
      'oci-layout',
    );
    await writeLedger(folder, full);
    expect((await read()).ledger).toEqual(full);
    expect(clearPending(full).pending).toBeUndefined();
  });

  it('is JSON for people: indented, in one order, the same bytes each time', async () => {
    const shuffled = Object.fromEntries(Object.entries(onSecond).reverse()) as unknown as Ledger;
    expect(formatLedger(shuffled)).toEqual(formatLedger(onSecond));
    const shown = Buffer.from(formatLedger(onSecond)).toString();
    expect(Object.keys(JSON.parse(shown) as object)).toEqual([
      'schema',
      'image',
      'floors',
      'highest',
      'installed',
      'releases',
      'seen',
    ]);
    expect(shown).toMatch(/^\{\n {2}"schema": 1,\n/);
    expect(shown).toContain('"supersededAt": "2026-06-01T12:00:00.500Z"');
  });

  it.each([
    ['is higher', '301', 301],
    ['is lower', '299', 300],
    ['is the same', '300', 300],
  ])('takes the higher floor when Dangerzone’s %s', async (_, content, expected) => {
    await writeLedger(folder, onSecond);
    put(FLOOR, content);
    expect((await read()).ledger.floors).toEqual({ [LOG]: expected });
    expect(text(FLOOR)).toBe(String(expected));
  });

  it('bad input 156: holds the floor built into the profile when the file’s is lower', async () => {
    put(FLOOR, '7');
    const { ledger, origin } = await read();
    expect(origin).toBe('dangerzone');
    expect(effectiveFloors(ledger, dangerzone.floor)).toEqual({ [LOG]: 150 });
    expect(text(FLOOR)).toBe('7');
  });

  it('takes Dangerzone’s floor for no other profile', async () => {
    put(FLOOR, '999');
    expect((await read({}, other)).ledger.floors).toEqual({});
    put(FLOOR, 'rubbish');
    expect((await read({}, other)).ledger.floors).toEqual({});
  });

  it.each([
    '-7',
    '+7',
    '1_000',
    '12\n',
    ' 12',
    '0x10',
    '012',
    '1e3',
    '7.0',
    'NaN',
    '٣',
    '{"floor":1,"floor":2}',
    '[1,2]',
    '9'.repeat(16),
    '9'.repeat(400),
    '9'.repeat(5000),
    '\0',
  ])('bad input 155: refuses the floor %j and names the repair', async (content) => {
    await writeLedger(folder, onSecond);
    put(FLOOR, content);
    const error = await refusal(read());
    expect(error?.code).toBe('STATE_INVALID');
    expect(error?.suggestions).toHaveLength(1);
    expect(text(FLOOR)).toBe(content);
  });
});

describe('an empty last_log_index', () => {
  it('bad input 154: is read once more, in case Dangerzone is just writing it', async () => {
    put(FLOOR, '');
    const waits: number[] = [];
    const wait = async (milliseconds: number) => {
      waits.push(milliseconds);
      put(FLOOR, '400');
    };
    const { ledger, notices } = await read({ wait });
    expect({ floors: ledger.floors, notices, waits: waits.length }).toEqual({
      floors: { [LOG]: 400 },
      notices: [],
      waits: 1,
    });
  });

  it.each([
    ['the ledger', onSecond, '300'],
    ['the profile', emptyLedger(image), '150'],
  ])('bad input 154: is rebuilt from %s, with a notice', async (_, ledger, expected) => {
    await writeLedger(folder, ledger);
    put(FLOOR, '');
    expect((await read({ readOnly: true })).notices).toHaveLength(1);
    expect(text(FLOOR)).toBe('');
    expect((await read()).notices).toHaveLength(1);
    expect(text(FLOOR)).toBe(expected);
    expect((await read()).notices).toEqual([]);
  });

  it('bad input 154: is told with its repair when nothing knows the floor', async () => {
    put(FLOOR, '');
    const error = await refusal(readLedger(folder, { ...dangerzone, floor: {} }, { wait: async () => undefined }));
    expect(error).toMatchObject({ code: 'STATE_INVALID', suggestions: [expect.stringContaining('state repair')] });
  });
});

describe('writeLastLogIndex', () => {
  it('writes digits alone, and never lowers what Dangerzone wrote meanwhile', async () => {
    await writeLastLogIndex(folder, dangerzone, onSecond);
    expect(text(FLOOR)).toBe('300');
    put(FLOOR, '5000');
    await writeLastLogIndex(folder, dangerzone, onSecond);
    expect(text(FLOOR)).toBe('5000');
  });

  it('writes nothing for other profiles, nor where no floor was earned', async () => {
    await writeLastLogIndex(folder, other, onSecond);
    await writeLastLogIndex(folder, dangerzone, emptyLedger(image));
    expect(existsSync(join(folder.path, FLOOR))).toBe(false);
  });
});

describe('a ledger that cannot be read', () => {
  const good = JSON.parse(Buffer.from(formatLedger(onSecond)).toString()) as Record<string, unknown>;
  const changed = (change: object) => JSON.stringify({ ...good, ...change });
  const damaged: [string, string | Uint8Array][] = [
    ['is empty', ''],
    ['is cut off', JSON.stringify(good).slice(0, -20)],
    ['is not UTF-8', Buffer.from([0xff, 0xfe])],
    ['has a byte-order mark', `\ufeff${JSON.stringify(good)}`],
    ['is null', 'null'],
    ['is a list', '[]'],
    ['has no schema', changed({ schema: undefined })],
    ['has an odd schema', changed({ schema: '1' })],
    ['has a member that nobody knows', changed({ extra: 1 })],
    ['has two floors', `{"floors":{},${JSON.stringify(good).slice(1)}`],
    ['has two floors for one log', JSON.stringify(good).replace('"floors":{', `"floors":{"${LOG}":1,`)],
    ['has a negative floor', changed({ floors: { [LOG]: -7 } })],
    [
      'has a floor of 2^53',
      JSON.stringify(good).replace('"floors":{"', `"floors":{"${'0'.repeat(64)}":9007199254740992,"`),
    ],
    ['has a floor spelled 1e3', JSON.stringify(good).replace(/"floors":\{[^}]*\}/, `"floors":{"${LOG}":1e3}`)],
    ['has a floor as text', changed({ floors: { [LOG]: '7' } })],
    ['has a floor of null', changed({ floors: { [LOG]: null } })],
    ['has a floor for no log', changed({ floors: { __x__: 7 } })],
    ['has a digest that climbs', changed({ installed: 'sha256:../../x' })],
    ['has a date of its own kind', changed({ highest: { release: second.config, contentDate: 'yesterday' } })],
    ['has a highest release that is not listed', changed({ highest: { release: digestOf(Buffer.from('?')) } })],
    ['has an installed release that is not listed', changed({ installed: digestOf(Buffer.from('?')) })],
    ['lists a release twice', changed({ releases: [...(good.releases as object[]), ...(good.releases as object[])] })],
    ['is nested deeply', '['.repeat(100_000)],
  ];

  it.each(damaged)('bad input 154: is kept aside and rebuilt from what is installed when it %s', async (_, content) => {
    put('ledger.json', content);
    const { ledger, origin, notices } = await read({ installed: () => [second] });
    expect({ origin, notices: notices.length }).toEqual({ origin: 'rebuilt', notices: 1 });
    expect(ledger).toMatchObject({ historyLost: true, installed: second.config, floors: { [LOG]: 300 } });
    expect(ledger.releases).toHaveLength(1);
    expect(new Uint8Array(readFileSync(join(folder.path, 'ledger.json.damaged-1')))).toEqual(
      new Uint8Array(Buffer.from(content)),
    );
    expect(await read({ installed: () => Promise.reject(new Error('not asked again')) })).toMatchObject({
      ledger,
      origin: 'stored',
      notices: [],
    });
  });

  it('bad input 154: still refuses what is older than the installed release, which is all that is known', async () => {
    put('ledger.json', 'x');
    const { ledger } = await read({ installed: () => [second] });
    expect(() => requireInstallable(ledger, first, dangerzone.floor)).toThrow(
      expect.objectContaining({ code: 'ROLLBACK_REFUSED' }),
    );
    const onThird = install(ledger, release('third', 400));
    expect(onThird.historyLost).toBeUndefined();
  });

  it('keeps Dangerzone’s floor when it is rebuilt', async () => {
    put('ledger.json', 'x');
    put(FLOOR, '350');
    expect((await read({ installed: () => [second] })).ledger.floors).toEqual({ [LOG]: 350 });
  });

  it('is left where it is by a verb that only reads', async () => {
    put('ledger.json', 'x');
    const { ledger, notices } = await read({ readOnly: true, installed: () => [second] });
    expect({ lost: ledger.historyLost, notices: notices.length }).toEqual({ lost: true, notices: 1 });
    expect(readdirSync(folder.path).sort()).toEqual(['ledger.json', 'signatures']);
  });

  it('is kept under a new name each time, twenty at the most', async () => {
    for (let count = 0; count < 25; count++) {
      put('ledger.json', `damage ${count}`);
      await read();
    }
    const kept = readdirSync(folder.path).filter((name) => name.includes('damaged'));
    expect(kept).toHaveLength(20);
    expect(text('ledger.json.damaged-1')).toBe('damage 0');
    expect(text('ledger.json.damaged-20')).toBe('damage 24');
  });

  it('is not taken for damaged when it is about another image', async () => {
    await writeLedger(folder, { ...onSecond, image: 'registry.example.org/other' });
    expect((await refusal(read()))?.code).toBe('STATE_INVALID');
    expect(readdirSync(folder.path).sort()).toEqual(['ledger.json', 'signatures']);
  });

  it.each([2, 3, 99])(
    'bad input 166: is never overwritten when a newer version wrote it (schema %d)',
    async (schema) => {
      const content = changed({ schema, invented: { later: true } });
      put('ledger.json', content);
      for (const readOnly of [false, true]) {
        expect(await refusal(read({ readOnly }))).toMatchObject({
          code: 'STATE_INVALID',
          suggestions: [expect.stringContaining('Update')],
        });
      }
      expect(text('ledger.json')).toBe(content);
      expect(readdirSync(folder.path).sort()).toEqual(['ledger.json', 'signatures']);
    },
  );
});

describe('a ledger that knows no release', () => {
  const made = recordSeen(emptyLedger(image), { digest: first.signed, ranks: { [LOG]: 190 } });

  it('may stand for a lost one: what an engine has is taken over, and what was seen is kept', async () => {
    await writeLedger(folder, made);
    const { ledger } = await read({ installed: () => [second] });
    expect(ledger).toMatchObject({ historyLost: true, floors: { [LOG]: 300 }, seen: made.seen });
    expect((await read()).ledger).toEqual(ledger);
  });

  it('is left as it is where no engine has anything', async () => {
    await writeLedger(folder, made);
    expect((await read({ installed: () => [] })).ledger).toEqual(made);
  });

  it('is no lost one while the first installation is under way', async () => {
    const temporaryName = 'localhost/new:1';
    const begun = beginPending(made, { release: second, temporaryName, stableName: `${image}:latest`, since: now });
    await writeLedger(folder, begun);
    expect((await read({ installed: () => [second] })).ledger).toEqual(begun);
  });
});

describe('a ledger that is not there', () => {
  it('bad input 163: leaves the floor built into the profile in force, and says that the history is lost', async () => {
    rmSync(folder.path, { recursive: true });
    const bare = (await read()).ledger;
    expect(() => requireInstallable(bare, release('old', 149), dangerzone.floor)).toThrow(
      expect.objectContaining({ code: 'ROLLBACK_REFUSED' }),
    );
    expect(requireInstallable(bare, release('floor', 150), dangerzone.floor).kind).toBe('newer');
    const { ledger, origin } = await read({ installed: () => [second] });
    expect({ origin, lost: ledger.historyLost }).toEqual({ origin: 'new', lost: true });
    expect((await read()).ledger).toEqual(ledger);
  });

  it('bad input 163: holds the floor that a backup brought back', async () => {
    await writeLedger(folder, install(emptyLedger(image), first));
    const { ledger } = await read();
    expect(() => requireInstallable(ledger, release('old', 199), dangerzone.floor)).toThrow(
      expect.objectContaining({ code: 'ROLLBACK_REFUSED' }),
    );
  });

  it('is no lost history where Dangerzone was at work before', async () => {
    put(FLOOR, '250');
    const { ledger, origin } = await read({ installed: () => [second] });
    expect({ origin, lost: ledger.historyLost, installed: ledger.installed }).toEqual({
      origin: 'dangerzone',
      lost: undefined,
      installed: second.config,
    });
  });

  it('takes the newest of several installed releases for the highest', async () => {
    const { ledger } = await read({ installed: () => [second, first] });
    expect(ledger.highest?.release).toBe(second.config);
    expect(ledger.releases.map(({ supersededAt }) => supersededAt)).toEqual([now, undefined]);
  });
});

describe('a clock that is wrong', () => {
  it.each(['1970-01-01T00:00:00.000Z', '2099-12-31T23:59:59.999Z', '+275760-09-13T00:00:00.000Z'])(
    'bad input 165: changes nothing but what is shown (%s)',
    async (time) => {
      const clock = new Date(time);
      const ledger = commitInstalled(
        recordCheck(onSecond, { time: clock, digest: second.signed }),
        release('third', 400),
        { now: clock, forced: false },
      );
      await writeLedger(folder, ledger);
      const { ledger: stored } = await read();
      expect(stored).toEqual(ledger);
      expect(requireInstallable(stored, release('fourth', 500), {}).kind).toBe('newer');
    },
  );
});
