import { constants } from 'node:fs';
import { type FileHandle, link, open, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf, fetchReleases, parseReference, withState } from '@dangerzone-image/core';
import { openSources } from '@dangerzone-image/core/registry';
import type { Fault, TestRegistryOptions } from '@dangerzone-image/core/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type ArchivePlan, planArchive } from './archive-plan.ts';
import { amd64, createArchiveWorld, readTar, release } from './archive-world.test-support.ts';
import { type WriteArchiveOptions, writeArchive } from './write-archive.ts';

const MiB = 1024 * 1024;

/** One run without second tries, so that a test sees each cut as an error. */
const once = { moreTries: 0, wait: async () => {}, random: () => 0, now: () => 0 };
const published = release(1, [300_000, 3 * MiB]);

/** A release of two layers, planned; `fault` is about the larger one alone. */
async function planned(fault?: TestRegistryOptions['fault']) {
  const [small, large] = published.manifestFor(amd64).layers.map(({ digest }) => digest);
  let isOn = true;
  const world = await createArchiveWorld({
    fault: (request) => (isOn && request.path.endsWith(`${large}`) ? fault?.(request) : undefined),
  });
  world.publish(published);
  const { context, registry, folder } = world;
  const plan = await withState(context, 'test', async (session) => {
    const reference = parseReference(`${world.image}:latest`);
    const [fetched] = await fetchReleases(context, session, reference, [amd64]);
    return planArchive(fetched as NonNullable<typeof fetched>, { toolVersion: '1' });
  });
  const output = join(folder, 'x.tar');
  const part = `${output}.part`;
  const options: WriteArchiveOptions = {
    source: openSources({ reference: { registry: registry.host }, env: {}, retry: once }),
    repository: 'team/sandbox',
    output,
  };
  const fetches = (digest: string | undefined) => registry.received.filter(({ path }) => path.endsWith(`${digest}`));
  return {
    ...world,
    plan,
    options,
    output,
    part,
    small,
    large,
    fetches,
    mend: () => {
      isOn = false;
      registry.received.length = 0;
    },
  };
}

async function expectWhole(output: string, plan: ArchivePlan): Promise<void> {
  const bytes = await readFile(output);
  expect(bytes.length).toBe(plan.size);
  for (const [name, content] of readTar(bytes)) {
    if (name.startsWith('./blobs/')) expect(`./blobs/sha256/${digestOf(content).slice(7)}`).toBe(name);
  }
}

describe('writeArchive', () => {
  it('puts every byte at its place, and leaves nothing else behind', async () => {
    const { plan, options, output, files } = await planned();
    await writeArchive(plan, options);
    await expectWhole(output, plan);
    expect(await files()).toEqual(['x.tar']);
  });

  it('acceptance 11: a cut download goes on where it was, and a finished layer is not fetched again', async () => {
    const { plan, options, output, part, files, small, large, fetches, mend } = await planned(() => ({
      resetAfter: 2 * MiB,
    }));
    await expect(writeArchive(plan, { ...options, parallel: 1 })).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
    });
    expect(await files()).toEqual(['x.tar.part', 'x.tar.part.journal']);
    expect((await stat(part)).size).toBe(plan.size);
    mend();
    const counts: number[] = [];
    await writeArchive(plan, { ...options, onBytes: (bytes) => counts.push(bytes) });
    await expectWhole(output, plan);
    expect(await files()).toEqual(['x.tar']);
    expect(fetches(small)).toEqual([]);
    expect(fetches(large).map(({ headers }) => headers.range)).toEqual([`bytes=${2 * MiB}-`]);
    expect(counts.reduce((sum, bytes) => sum + bytes)).toBe(plan.layers.reduce((sum, { size }) => sum + size, 0));
  });

  it.each<[string, (world: Awaited<ReturnType<typeof planned>>) => Promise<void>]>([
    ['damaged', async ({ plan, part, large }) => writeAt(part, placeOf(plan, large) + 1000, Buffer.from('damage'))],
    ['cut off', async ({ plan, part, large }) => truncate(part, placeOf(plan, large) + 1000)],
    ['gone', async ({ part }) => truncate(part, 0)],
    ['without its journal', async ({ part }) => truncate(`${part}.journal`, 0)],
    ['with rubbish for a journal', async ({ part }) => writeFile(`${part}.journal`, 'x'.repeat(1_000_000))],
    ['with a journal that tells too much', async ({ part }) => boast(`${part}.journal`)],
    ['of another plan', async ({ part }) => writeAt(`${part}.journal`, 20, Buffer.from('0000'))],
  ])('what an earlier run left is hashed again: the file is right also where that is %s', async (_name, harm) => {
    const world = await planned(() => ({ resetAfter: 2 * MiB }));
    const { plan, options, output, mend, files } = world;
    await expect(writeArchive(plan, options)).rejects.toThrow();
    await harm(world);
    mend();
    await writeArchive(plan, options);
    await expectWhole(output, plan);
    expect(await files()).toEqual(['x.tar']);
  });

  it.each<[string, Fault, string]>([
    ['too short', { body: Buffer.alloc(100, 1), headers: { 'content-length': undefined } }, 'REGISTRY_UNREACHABLE'],
    ['denied', { status: 403, body: '' }, 'REGISTRY_DENIED'],
  ])('a layer that is %s leaves no file under the final name, and an old one as it is', async (_name, fault, code) => {
    const { plan, options, output } = await planned(() => fault);
    await writeFile(output, 'old');
    await expect(writeArchive(plan, options)).rejects.toMatchObject({ code });
    expect(await readFile(output, 'utf8')).toBe('old');
  });

  it('bad input 145: a layer of the right length and other bytes is refused', async () => {
    const size = published.manifestFor(amd64).layers[1]?.bytes.length ?? 0;
    const { plan, options, files, large, fetches } = await planned(() => ({
      status: 200,
      body: Buffer.alloc(size, 7),
    }));
    await expect(writeArchive(plan, options)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(await files()).not.toContain('x.tar');
    expect(fetches(large)).toHaveLength(1);
  });

  it('says that the disk is too small before anything is fetched or written', async () => {
    const { plan, options, files, mend, registry } = await planned();
    mend();
    const writing = writeArchive(plan, { ...options, freeBytes: async () => plan.size - 1 });
    await expect(writing).rejects.toMatchObject({
      code: 'DISK_FULL',
      details: { needed: plan.size, free: plan.size - 1 },
    });
    expect(await files()).toEqual([]);
    expect(registry.received).toEqual([]);
  });

  it('bad input 151: a disk that gets full leaves no file under the final name, and the next run goes on', async () => {
    const { plan, options, output, files, mend, large, fetches } = await planned();
    let left = 2 * MiB;
    const openFile = (path: string, flags: number, mode?: number) =>
      open(path, flags, mode).then((file) => {
        if (path.endsWith('.part'))
          limitWrites(
            file,
            () => left,
            (bytes) => (left -= bytes),
          );
        return file;
      });
    await expect(writeArchive(plan, { ...options, openFile })).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(await files()).toEqual(['x.tar.part', 'x.tar.part.journal']);
    mend();
    await writeArchive(plan, options);
    await expectWhole(output, plan);
    expect(fetches(large)[0]?.headers.range).toMatch(/^bytes=[1-9]/);
  });

  it('stops at once when it is told to, and keeps what is there', async () => {
    const { plan, options, files, output, mend } = await planned(() => ({ stallAfter: 2 * MiB }));
    const stop = new AbortController();
    const reason = new Error('stop');
    let bytes = 0;
    const onBytes = (more: number) => {
      bytes += more;
      if (bytes >= 2 * MiB) stop.abort(reason);
    };
    await expect(writeArchive(plan, { ...options, signal: stop.signal, onBytes })).rejects.toBe(reason);
    expect(await files()).toEqual(['x.tar.part', 'x.tar.part.journal']);
    mend();
    await writeArchive(plan, options);
    await expectWhole(output, plan);
  });

  it('does not write through a second name of somebody’s file', async () => {
    const { plan, options, folder, part } = await planned();
    const victim = join(folder, 'victim');
    await writeFile(victim, 'kept');
    await link(victim, part);
    await expect(writeArchive(plan, options)).rejects.toMatchObject({ code: 'USAGE' });
    expect(await readFile(victim, 'utf8')).toBe('kept');
  });
});

function placeOf({ layers }: ArchivePlan, digest: string | undefined): number {
  return layers.find((layer) => layer.digest === digest)?.at ?? Number.NaN;
}

async function writeAt(path: string, at: number, bytes: Uint8Array): Promise<void> {
  const file = await open(path, constants.O_WRONLY);
  await file.write(bytes, 0, bytes.length, at);
  await file.close();
}

/** Every layer is finished, the journal says. */
async function boast(path: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replaceAll(/ \d{16}$/gm, ' 0000000000200000'));
}

function limitWrites(file: FileHandle, left: () => number, take: (bytes: number) => void): void {
  const write = file.write.bind(file) as (...args: readonly unknown[]) => Promise<unknown>;
  vi.spyOn(file, 'write').mockImplementation((async (bytes: Uint8Array, from: number, length: number, at: number) => {
    if (length > left()) throw Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC', syscall: 'write' });
    take(length);
    return write(bytes, from, length, at);
  }) as never);
}

afterEach(() => vi.restoreAllMocks());
