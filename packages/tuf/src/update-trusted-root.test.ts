import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtInPublicRoot, codeOf, type ProgressEvent } from '@dangerzone-image/core';
import { openDocuments } from '@dangerzone-image/core/registry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readUpdatedTrustedRoot } from './stored-trusted-root.ts';
import { serveRepository } from './testing/serve-repository.ts';
import { createTestRepository, type TestRepository } from './testing/test-repository.ts';
import { updateTrustedRoot } from './update-trusted-root.ts';

const DAY_MS = 86_400_000;
const now = new Date();
const builtIn = JSON.parse(Buffer.from(builtInPublicRoot().bytes).toString());
/** A trusted root that differs from the others in its number. */
const trustedRoot = (number: number) => Buffer.from(JSON.stringify({ ...builtIn, number }));

let folder: { path: string };
let repository: TestRepository;
beforeEach(() => {
  folder = { path: join(mkdtempSync(join(tmpdir(), 'trust-update-')), 'trusted-root') };
  repository = createTestRepository({ now });
  repository.publish(trustedRoot(1));
});
afterEach(() => rmSync(join(folder.path, '..'), { recursive: true }));

/** One update over HTTP, as the command makes it. */
async function update(
  options: Parameters<typeof serveRepository>[1] = {},
  at = now,
  report?: (event: ProgressEvent) => void,
) {
  await using served = await serveRepository(repository.files, options);
  const read = openDocuments({ base: served.origin, env: {} });
  const { initialRoot } = repository;
  return await updateTrustedRoot({
    folder,
    read,
    from: served.origin,
    initialRoot,
    now: () => at,
    ...(report && { report }),
  });
}

const stored = async () => {
  const { initialRoot } = repository;
  const updated = await readUpdatedTrustedRoot(folder, { initialRoot });
  return updated && JSON.parse(Buffer.from(updated.trustedRoot).toString()).number;
};

describe('an update of the trusted root', () => {
  it('is kept, and proven again at every read', async () => {
    const { versions, from, status } = await update();
    expect(status).toBe('updated');
    expect(versions).toEqual({ root: 1, timestamp: 1, snapshot: 1, targets: 1 });
    const { initialRoot } = repository;
    const read = await readUpdatedTrustedRoot(folder, { initialRoot });
    expect(read).toMatchObject({ versions, from, fetchedAt: now, asOf: now, number: 1 });
    expect(await stored()).toBe(1);
  });

  it('takes the place of one that says the same, and stands beside one that says something else', async () => {
    await update();
    repository.refresh();
    expect((await update()).status).toBe('up-to-date');
    expect(readdirSync(folder.path).filter((name) => /^[0-9]/.test(name))).toEqual(['2.json']);
    repository.publish(trustedRoot(2));
    expect((await update()).status).toBe('updated');
    expect(readdirSync(folder.path).filter((name) => /^[0-9]/.test(name))).toEqual(['2.json', '3.json']);
    expect(await stored()).toBe(2);
  });

  it('is as of when its timestamp was good for, where the clock says later', async () => {
    const expires = new Date(Math.floor(now.getTime() / 1000) * 1000 + DAY_MS);
    repository.refresh(expires);
    await update();
    const file = join(folder.path, '1.json');
    const text = readFileSync(file, 'utf8').replace(/"fetchedAt":"[^"]+"/, '"fetchedAt":"2099-01-01T00:00:00Z"');
    writeFileSync(file, text);
    expect(await readUpdatedTrustedRoot(folder, repository)).toMatchObject({ asOf: expires });
  });

  it('is up to date where it says what this version came with', async () => {
    repository.publish(Buffer.from(JSON.stringify(builtIn)));
    expect(await update()).toMatchObject({ status: 'up-to-date', notices: [] });
  });

  it('says so where it does not count, for the clock is far behind', async () => {
    const before = new Date('2026-01-01T00:00:00Z');
    expect(await update({}, before)).toMatchObject({
      status: 'up-to-date',
      notices: [expect.stringContaining('clock')],
    });
  });

  it('lasts through changes of every key', async () => {
    await update();
    repository.rotate('root', 'timestamp', 'snapshot', 'targets');
    repository.publish(trustedRoot(2));
    expect((await update()).versions.root).toBe(2);
    expect(await stored()).toBe(2);
  });

  it('does not count once this version itself begins with a later root', async () => {
    await update();
    repository.rotate('root');
    const initialRoot = repository.files.get('2.root.json') as Buffer;
    expect(await readUpdatedTrustedRoot(folder, { initialRoot })).toBeUndefined();
  });

  it('goes on from a later root of this version: an older timestamp is refused all the same', async () => {
    const older = repository.files.get('timestamp.json') as Buffer;
    repository.refresh();
    await update();
    repository.rotate('root');
    const later = { ...repository, initialRoot: repository.files.get('2.root.json') as Buffer };
    repository = later;
    const newer = repository.files.get('timestamp.json') as Buffer;
    repository.files.set('timestamp.json', older);
    await expect(update()).rejects.toMatchObject({ details: { file: 'timestamp.json', reason: 'older' } });
    repository.files.set('timestamp.json', newer);
    expect((await update()).versions.root).toBe(2);
  });

  it.each([/timestamp\.json$/, /snapshot\.json$/, /targets\.json$/, /trusted_root\.json$/])(
    'goes on from a later root of this version where a stored %s is damaged',
    async (damaged) => {
      await update();
      const file = join(folder.path, '1.json');
      const stored = JSON.parse(readFileSync(file, 'utf8'));
      const name = Object.keys(stored.files).find((each) => damaged.test(each)) as string;
      stored.files[name] = Buffer.from('{}').toString('base64');
      writeFileSync(file, JSON.stringify(stored));
      repository.rotate('root');
      repository = { ...repository, initialRoot: repository.files.get('2.root.json') as Buffer };
      expect((await update()).versions.root).toBe(2);
    },
  );

  it('is made by one process at a time', async () => {
    const events: ProgressEvent[] = [];
    let second: Promise<unknown> | undefined;
    const answer = () => {
      second ??= update({}, now, (event) => events.push(event));
      return false;
    };
    await update({ answer });
    await second;
    expect(events).toContainEqual({ type: 'waiting', holder: expect.stringContaining('trust update') });
  });
});

describe('an update that is refused', () => {
  const [status, header] = [200, { 'content-type': 'application/octet-stream' }];
  const refusals: readonly [string, string, () => Parameters<typeof serveRepository>[1] | undefined][] = [
    ['expired', 'TRUSTED_ROOT_REFUSED', () => void repository.refresh(new Date(now.getTime() - DAY_MS))],
    ['older', 'TRUSTED_ROOT_REFUSED', () => void goBack(older)],
    ['no TUF repository', 'TRUSTED_ROOT_REFUSED', () => void repository.files.clear()],
    ['of strangers', 'TRUSTED_ROOT_REFUSED', () => void stranger()],
    [
      'a web page',
      'REGISTRY_ANSWER_INVALID',
      () => answering((_, response) => response.writeHead(status, { 'content-type': 'text/html' }).end('hello')),
    ],
    [
      'data without end',
      'REGISTRY_ANSWER_INVALID',
      () => answering((_, response) => pour(response.writeHead(status, header))),
    ],
    [
      'a root of another form',
      'TRUSTED_ROOT_REFUSED',
      () => void repository.publish(Buffer.from('{"mediaType":"of tomorrow"}')),
    ],
  ];

  const older = new Map<string, Buffer>();

  it.each(refusals)('leaves what was there: %s (%s)', async (_, code, attack) => {
    older.clear();
    for (const [name, bytes] of repository.files) older.set(name, bytes);
    repository.publish(trustedRoot(2));
    await update();
    const before = readdirSync(folder.path);
    const options = attack();
    expect(codeOf(await update(options).catch((error) => error))).toBe(code);
    expect(readdirSync(folder.path)).toEqual(before);
    repository.files.clear();
    expect(await stored()).toBe(2);
  });

  it('leaves nothing where nothing was', async () => {
    repository.files.clear();
    await expect(update()).rejects.toMatchObject({ code: 'TRUSTED_ROOT_REFUSED' });
    expect(await stored()).toBeUndefined();
  });

  function goBack(files: ReadonlyMap<string, Buffer>): void {
    repository.files.clear();
    for (const [name, bytes] of files) repository.files.set(name, bytes);
  }

  function stranger(): void {
    const other = createTestRepository({ now });
    other.publish(trustedRoot(666));
    goBack(other.files);
  }

  type Answer = NonNullable<NonNullable<Parameters<typeof serveRepository>[1]>['answer']>;
  function answering(say: (...args: Parameters<Answer>) => unknown): { answer: Answer } {
    return {
      answer: (path, response) => {
        if (path !== 'timestamp.json') return false;
        say(path, response);
        return true;
      },
    };
  }

  async function pour(response: Parameters<Answer>[1]): Promise<void> {
    while (!response.destroyed) {
      if (!response.write(Buffer.alloc(65_536))) await new Promise<void>((drained) => response.once('drain', drained));
    }
  }
});

describe('a stored trusted root that somebody changed', () => {
  async function damage(change: (text: string) => string): Promise<void> {
    await update();
    const file = join(folder.path, '1.json');
    writeFileSync(file, change(readFileSync(file, 'utf8')));
  }
  const swapTarget = (text: string) => {
    const update = JSON.parse(text);
    const [name = ''] = Object.keys(update.files).filter((file) => file.startsWith('targets/'));
    update.files[name] = trustedRoot(666).toString('base64');
    return JSON.stringify(update);
  };

  it.each<[string, (text: string) => string]>([
    ['in its trusted root', swapTarget],
    ['in its form', (text) => text.slice(0, -1)],
    ['by taking a file out', (text) => text.replace('"timestamp.json"', '"timestamp.json.old"')],
  ])('is refused at the next read, and put aside by the next update: %s', async (_, change) => {
    await damage(change);
    await expect(stored()).rejects.toMatchObject({ code: 'STATE_INVALID' });
    const events: ProgressEvent[] = [];
    await update({}, now, (event) => events.push(event));
    expect(events).toEqual([{ type: 'notice', message: expect.stringContaining('1.json.damaged-1') }]);
    expect(await stored()).toBe(1);
  });
});
