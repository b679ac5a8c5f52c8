import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import type { StateFolder } from './state-folder.ts';
import { withLock } from './with-lock.ts';

let root: string;
let folder: StateFolder;
const children: ChildProcess[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lock-'));
  folder = { path: join(root, 'state') };
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

/** Another process that takes the lock, says so, and gives it up when it is told to. */
async function holdElsewhere(
  verb = 'upgrade',
): Promise<{ child: ChildProcess; release: () => Promise<void>; kill: () => Promise<void> }> {
  const module = new URL('./with-lock.ts', import.meta.url).href;
  const script = `
    import { once } from 'node:events';
    import { withLock } from ${JSON.stringify(module)};
    await withLock(${JSON.stringify(folder)}, { verb: ${JSON.stringify(verb)} }, async () => {
      console.log('locked');
      await once(process.stdin, 'data');
    });
    process.exit();`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line');
  const ended = once(child, 'exit');
  const release = async () => {
    child.stdin?.write('go\n');
    await ended;
  };
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return { child, release, kill };
}

const lock = (options: Partial<Parameters<typeof withLock>[1]> = {}) =>
  withLock(folder, { verb: 'check', timeoutMs: 60_000, ...options }, async () => 'done');
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error as { code: string; message: string; suggestions: string[] },
  );

describe('withLock', () => {
  it('runs the work, hands on its result or its error, and leaves the lock free', async () => {
    expect(await lock()).toBe('done');
    const failure = new Error('work failed');
    await expect(withLock(folder, { verb: 'check' }, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(await lock({ timeoutMs: 0 })).toBe('done');
  });

  it('bad input 161: waits for another process, says for whom, and goes on when that one ends', async () => {
    const other = await holdElsewhere('store-signatures');
    const waited: string[] = [];
    const told = Promise.withResolvers<void>();
    const waiting = lock({
      onWait: (holder) => {
        waited.push(holder);
        told.resolve();
      },
    });
    await told.promise;
    await other.release();
    expect(await waiting).toBe('done');
    expect(waited[0]).toContain(`store-signatures (process ${other.child.pid}, since 20`);
  });

  it('bad input 161: gives up after its time with the holder’s name', async () => {
    const other = await holdElsewhere();
    const error = await refusal(lock({ timeoutMs: 150 }));
    expect(error).toMatchObject({ code: 'STATE_BUSY', suggestions: [expect.stringContaining('--lock-timeout')] });
    expect(error?.message).toContain(`upgrade (process ${other.child.pid}`);
    expect((await refusal(lock({ timeoutMs: 0 })))?.code).toBe('STATE_BUSY');
  });

  it('bad input 161: is free as soon as its holder is killed, whatever that one left behind', async () => {
    const other = await holdElsewhere();
    await other.kill();
    expect(existsSync(join(folder.path, 'ledger.lock.json'))).toBe(true);
    expect(await lock({ timeoutMs: 0 })).toBe('done');
  });

  it('bad input 161: takes no note of a process ID that is in use again', async () => {
    await lock();
    const left = { pid: process.pid, verb: 'upgrade', since: '2026-01-01T00:00:00.000Z' };
    writeFileSync(join(folder.path, 'ledger.lock.json'), JSON.stringify(left), { mode: 0o600 });
    expect(await lock({ timeoutMs: 0 })).toBe('done');
  });

  it('bad input 161: lets one at a time work, in one process and in several', async () => {
    const file = join(root, 'counter');
    writeFileSync(file, '0');
    const module = new URL('./with-lock.ts', import.meta.url).href;
    // Read, yield, write: two at once would lose a count.
    const script = `
      import { readFileSync, writeFileSync } from 'node:fs';
      import { setImmediate } from 'node:timers/promises';
      import { withLock } from ${JSON.stringify(module)};
      const count = () => withLock(${JSON.stringify(folder)}, { verb: 'check' }, async () => {
        const before = Number(readFileSync(${JSON.stringify(file)}, 'utf8'));
        await setImmediate();
        writeFileSync(${JSON.stringify(file)}, String(before + 1));
      });
      await Promise.all([count(), count(), count()]);`;
    const runs = [1, 2, 3].map(async () => {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'inherit' });
      children.push(child);
      return once(child, 'exit');
    });
    expect((await Promise.all(runs)).map(([code]) => code)).toEqual([0, 0, 0]);
    expect(readFileSync(file, 'utf8')).toBe('9');
  });

  it('stops waiting at once when it is told to', async () => {
    await holdElsewhere();
    const controller = new AbortController();
    const reason = new Error('Ctrl-C');
    const waiting = lock({ signal: controller.signal, onWait: () => controller.abort(reason) });
    await expect(waiting).rejects.toBe(reason);
    await expect(lock({ signal: controller.signal })).rejects.toBe(reason);
  });

  it.each([
    ['is not JSON', 'upgrade'],
    ['has control characters', JSON.stringify({ pid: 7, verb: '\u001b[2J', since: 'x' })],
    ['has an odd process ID', JSON.stringify({ pid: -7, verb: 'upgrade', since: 'x' })],
    ['is long', ' '.repeat(5000)],
  ])('waits for "another process" when the holder’s file %s', async (_, content) => {
    await holdElsewhere();
    writeFileSync(join(folder.path, 'ledger.lock.json'), content, { mode: 0o600 });
    expect((await refusal(lock({ timeoutMs: 0 })))?.message).toContain('another process');
  });

  it('escapes what the holder’s file says', async () => {
    await holdElsewhere();
    const content = JSON.stringify({ pid: 7, verb: 'upgrade', since: '\u001b]52;c;x\u0007' });
    writeFileSync(join(folder.path, 'ledger.lock.json'), content, { mode: 0o600 });
    const message = (await refusal(lock({ timeoutMs: 0 })))?.message;
    expect(message).toContain('\\x1b]52;c;x\\x07');
  });

  // Empty, so that it would do for a lock.
  it.runIf(process.platform !== 'win32').each([
    ['a symbolic link', symlinkSync],
    ['a hard link', linkSync],
  ])('bad input 157: refuses a lock that is %s to a file elsewhere', async (_, link) => {
    mkdirSync(folder.path, { mode: 0o700 });
    writeFileSync(join(root, 'elsewhere'), '', { mode: 0o600 });
    link(join(root, 'elsewhere'), join(folder.path, 'ledger.lock'));
    expect(codeOf(await refusal(lock()))).toBe('STATE_INVALID');
    expect(readFileSync(join(root, 'elsewhere'), 'utf8')).toBe('');
  });

  it('refuses a lock file that is something else, and says to remove it', async () => {
    mkdirSync(folder.path, { mode: 0o700 });
    writeFileSync(join(folder.path, 'ledger.lock'), 'not a database '.repeat(100), { mode: 0o600 });
    expect(await refusal(lock())).toMatchObject({
      code: 'STATE_INVALID',
      suggestions: [expect.stringContaining('ledger.lock')],
    });
  });

  it.runIf(process.platform !== 'win32')('makes a lock that nobody else can open', async () => {
    await lock();
    expect(lstatSync(join(folder.path, 'ledger.lock')).mode & 0o777).toBe(0o600);
    expect(existsSync(join(folder.path, 'ledger.lock.json'))).toBe(false);
  });
});
