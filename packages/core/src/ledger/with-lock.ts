import { constants } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError } from '../errors/coded-error.ts';
import { isBusy, lockFault } from './lock-fault.ts';
import { describeHolder, removeHolder, writeHolder } from './lock-holder.ts';
import { ensureFolder, factsOf, requirePrivateFile } from './require-private.ts';
import { stateFault, systemCode } from './state-fault.ts';
import type { StateFolder } from './state-folder.ts';
import { nodeStateFs, type StateFs } from './state-fs.ts';

export interface LockOptions {
  /** What is done under the lock, for those who wait. */
  readonly verb: string;
  readonly now?: () => Date;
  /** 0 tries once. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called when there is somebody to wait for, and again when it is another. */
  readonly onWait?: (holder: string) => void;
  readonly fs?: StateFs;
}

export const LOCK_FILE = 'ledger.lock';
const POLL_MS = 100;
const DEFAULT_TIMEOUT_MS = 60_000;

/**
 * Runs `work` while no other process works on this state. The lock is SQLite's on an empty database, that is the
 * operating system's on a file: it ends with the process that holds it, however that ends, so there is no stale lock
 * and no process ID to guess about. (`flock` would do; Node has none.)
 */
export async function withLock<T>(folder: StateFolder, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const { fs = nodeStateFs, verb, now = () => new Date() } = options;
  await ensureFolder(folder.path, fs);
  await prepareLockFile(folder, fs);
  const database = await openLock(folder);
  try {
    await acquire(database, folder, fs, options);
    await tolerate(writeHolder(folder, { pid: process.pid, verb, since: now() }, fs));
    try {
      return await work();
    } finally {
      await tolerate(removeHolder(folder, fs));
    }
  } finally {
    database.close();
  }
}

/**
 * Others could hold us up for ever if they could open the file. It is made, never opened here: closing any descriptor of
 * it would end this process's own lock (POSIX record locks).
 */
async function prepareLockFile({ path }: StateFolder, fs: StateFs): Promise<void> {
  const file = join(path, LOCK_FILE);
  const facts = await factsOf(file, fs);
  if (facts) return requirePrivateFile(file, facts, fs);
  try {
    const made = await fs.open(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    await made.close();
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw stateFault(error, 'create', file); // another process was faster
  }
}

async function openLock({ path }: StateFolder): Promise<DatabaseSync> {
  const { DatabaseSync } = await import('node:sqlite');
  try {
    return new DatabaseSync(join(path, LOCK_FILE));
  } catch (cause) {
    throw lockFault(join(path, LOCK_FILE), cause);
  }
}

async function acquire(database: DatabaseSync, folder: StateFolder, fs: StateFs, options: LockOptions): Promise<void> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, signal, onWait } = options;
  const deadline = performance.now() + timeoutMs;
  let told: string | undefined;
  for (;;) {
    signal?.throwIfAborted();
    if (tryLock(database, folder)) return;
    const holder = await describeHolder(folder, fs);
    if (performance.now() >= deadline) throw busy(holder, timeoutMs);
    if (holder !== told) onWait?.(holder);
    told = holder;
    await pause(Math.min(POLL_MS, deadline - performance.now()), signal);
  }
}

/** Waits here and not inside SQLite, which would hold up Ctrl-C with everything else. */
async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(Math.max(1, milliseconds), undefined, signal ? { signal } : {});
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

function tryLock(database: DatabaseSync, { path }: StateFolder): boolean {
  try {
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (isBusy(error)) return false;
    throw lockFault(join(path, LOCK_FILE), error);
  }
}

/** Reading a database fails while somebody has it exclusively; the file must be there and checked. */
export async function isLockHeld({ path }: StateFolder): Promise<boolean> {
  const { DatabaseSync } = await import('node:sqlite');
  try {
    const database = new DatabaseSync(join(path, LOCK_FILE), { readOnly: true });
    try {
      database.exec('PRAGMA busy_timeout = 0; SELECT count(*) FROM sqlite_schema');
      return false;
    } finally {
      database.close();
    }
  } catch (error) {
    if (isBusy(error)) return true;
    throw lockFault(join(path, LOCK_FILE), error);
  }
}

function busy(holder: string, timeoutMs: number): CodedError {
  return new CodedError('STATE_BUSY', `the state is in use by ${holder}: waited ${timeoutMs / 1000} s`, {
    suggestions: ['Wait until it has ended, or wait longer with --lock-timeout.'],
    details: { holder },
  });
}

/** The holder's file only informs: that it could not be written is no reason to stop. */
async function tolerate(informing: Promise<void>): Promise<void> {
  await informing.catch(() => undefined);
}
