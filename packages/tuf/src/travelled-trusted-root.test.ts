import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtInPublicRoot } from '@dangerzone-image/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readUpdatedTrustedRoot } from './stored-trusted-root.ts';
import { createTestRepository, type TestRepository } from './testing/test-repository.ts';
import { proveTravelledRoot } from './travelled-trusted-root.ts';
import { readFrom, type TufFiles } from './tuf-files.ts';
import { updateTrustedRoot } from './update-trusted-root.ts';

const DAY_MS = 86_400_000;
const now = new Date();
const inDays = (days: number) => new Date(now.getTime() + days * DAY_MS);
const builtIn = JSON.parse(Buffer.from(builtInPublicRoot().bytes).toString());
const trustedRoot = (number: number) => Buffer.from(JSON.stringify({ ...builtIn, number }));

let folder: { path: string };
let repository: TestRepository;
beforeEach(() => {
  folder = { path: join(mkdtempSync(join(tmpdir(), 'trust-travel-')), 'trusted-root') };
  repository = createTestRepository({ now });
  repository.publish(trustedRoot(1), { expires: { timestamp: inDays(7) } });
});
afterEach(() => rmSync(join(folder.path, '..'), { recursive: true }));

const prove = (files: TufFiles, at = now) =>
  proveTravelledRoot(files, { folder, from: 'sandbox.tar', initialRoot: repository.initialRoot, now: () => at });
const fetchHere = () =>
  updateTrustedRoot({ folder, read: readFrom(repository.files), from: 'x', initialRoot: repository.initialRoot });
const isKept = () => readUpdatedTrustedRoot(folder, repository);

describe('a trusted root that travelled', () => {
  it('is proven also when its timestamp has expired, and is as of then', async () => {
    const proven = await prove(repository.files, inDays(100));
    expect(Buffer.from(proven.trustedRoot)).toEqual(trustedRoot(1));
    const expiry = new Date(Math.floor(inDays(7).getTime() / 1000) * 1000);
    expect([proven.asOf, proven.goodUntil]).toEqual([expiry, expiry]);
  });

  it('is kept only where it is asked for', async () => {
    const { keep } = await prove(repository.files);
    expect(readdirSync(join(folder.path, '..'))).toEqual([]);
    await keep();
    expect(await isKept()).toMatchObject({ from: 'sandbox.tar', fetchedAt: now });
  });

  it('is not kept where a newer one was fetched meanwhile', async () => {
    const travelled = new Map(repository.files);
    const { keep } = await prove(travelled);
    repository.publish(trustedRoot(2));
    await fetchHere();
    await expect(keep()).rejects.toMatchObject({ details: { reason: 'older' } });
    expect(await isKept()).toMatchObject({ from: 'x' });
  });

  it('is kept nowhere where the system knows no home', async () => {
    const { initialRoot, files } = repository;
    await (await proveTravelledRoot(files, { folder: undefined, from: 'sandbox.tar', initialRoot })).keep();
    expect(readdirSync(join(folder.path, '..'))).toEqual([]);
  });

  it.each<[string, string, () => unknown, Date]>([
    ['older than what was fetched here', 'older', () => olderHere(), now],
    ['with a root that has expired', 'expired', () => {}, inDays(400)],
    [
      'with targets that have expired',
      'expired',
      () => repository.publish(trustedRoot(1), { expires: { targets: inDays(-1) } }),
      now,
    ],
    ['of somebody else', 'unsigned', () => stranger(), now],
    ['that is incomplete', 'missing', () => repository.files.delete('1.snapshot.json'), now],
    ['of a form that is not known here', 'unreadable', () => repository.publish(Buffer.from('{}')), now],
  ])('is refused %s (%s)', async (_, reason, attack, at) => {
    await attack();
    await expect(prove(repository.files, at)).rejects.toMatchObject({
      code: 'TRUSTED_ROOT_REFUSED',
      details: { reason },
    });
  });

  async function olderHere(): Promise<void> {
    const before = new Map(repository.files);
    repository.publish(trustedRoot(2));
    await fetchHere();
    repository.files.clear();
    for (const [name, bytes] of before) repository.files.set(name, bytes);
  }

  function stranger(): void {
    const other = createTestRepository({ now });
    other.publish(trustedRoot(666));
    repository.files.clear();
    for (const [name, bytes] of other.files) repository.files.set(name, bytes);
  }
});
