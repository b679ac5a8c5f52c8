import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { builtInPublicRoot, namePublicRoot } from '../trust/public-root.ts';
import { findPublicRoot } from './find-public-root.ts';

const builtIn = builtInPublicRoot();
const dayOf = (days: number) => new Date((builtIn.date as Date).getTime() + days * 86_400_000);
const fetched = (days: number) => ({
  trustedRoot: Buffer.from('{"fetched":true}'),
  from: 'https://tuf.example.net',
  asOf: dayOf(days),
});

async function rootFile(mode = 0o600, text = '{}') {
  const folder = await mkdtemp(join(tmpdir(), 'public-root-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'trusted_root.json');
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

describe('the public trusted root in force', () => {
  it('is the built-in one, with the date of the package that it is from', async () => {
    expect(await findPublicRoot({})).toBe(builtIn);
    expect(namePublicRoot(builtIn)).toMatch(/^Sigstore’s public trusted root of 20[0-9-]{8} \(built in\)$/);
  });

  it.each([
    ['what was fetched since', 1, 'updated'],
    ['the built-in one, where a newer version of the tool brought it', -1, 'built-in'],
    ['the built-in one, where both are of one moment', 0, 'built-in'],
  ])('is the newer: %s', async (_, days, origin) => {
    expect(await findPublicRoot({ readFetched: async () => fetched(days) })).toMatchObject({ origin });
  });

  it('is not one that is kept here and does not verify, and no other in its place', async () => {
    const damaged = async () => {
      throw new Error('damaged');
    };
    await expect(findPublicRoot({ readFetched: damaged })).rejects.toThrow('damaged');
  });

  it('is the file that the user gave, whatever else there is', async () => {
    const file = await rootFile();
    const readFetched = async () => expect.unreachable();
    expect(await findPublicRoot({ file, readFetched })).toEqual({
      origin: 'file',
      from: file,
      bytes: Buffer.from('{}'),
    });
  });

  it.each([
    ['that is not there', async () => '/nowhere/trusted_root.json'],
    ['that is a folder', async () => tmpdir()],
    ['of 50 MB (bad input 193)', () => rootFile(0o600, ' '.repeat(50 * 1024 * 1024))],
  ])('is never a file %s', async (_, path) => {
    await expect(findPublicRoot({ file: await path() })).rejects.toMatchObject({ code: 'PROFILE_INVALID' });
  });

  it.skipIf(process.platform === 'win32')('is never a file that others may write', async () => {
    await expect(findPublicRoot({ file: await rootFile(0o666) })).rejects.toMatchObject({ code: 'PROFILE_INVALID' });
  });
});
