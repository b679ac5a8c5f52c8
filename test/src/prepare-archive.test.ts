import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  buildTestImage,
  publishTestImage,
  type TestImage,
  type TestRegistryOptions,
} from '@dangerzone-image/core/testing';
import { describe, expect, it } from 'vitest';
import { interrupted } from './interrupted.ts';
import { createWorld, type RunOptions, type World } from './world.ts';

const MiB = 1024 * 1024;
const arm64 = { os: 'linux', architecture: 'arm64' };
const published = buildTestImage({
  created: '2026-01-01',
  layers: [{ 'base/data': noise(400_000) }, { 'data/large': noise(6 * MiB) }],
});
const [base, large] = published.manifestFor(arm64).layers;

/** The same bytes each time, that do not compress to nothing. */
function noise(bytes: number): string {
  const lines = Array.from({ length: bytes / 88 }, (_, line) =>
    createHash('sha512').update(`${line}`).digest('base64'),
  );
  return lines.join('');
}

async function createArchives(fault?: TestRegistryOptions['fault'], image: TestImage = published) {
  const world = await createWorld(fault ? { fault } : {});
  world.publish(image);
  const folder = join(world.folder, 'archives');
  await mkdir(folder);
  const prepare = (args: readonly string[] = [], options?: RunOptions) =>
    world.run(['prepare-archive', '--arch', 'arm64', '--output', join(folder, 'x-{arch}.tar'), ...args], options);
  return { world, folder, prepare, read: () => readFile(join(folder, 'x-arm64.tar')) };
}

function fetchesOf({ registry }: World, digest: string | undefined) {
  return registry.received.filter(({ path }) => path.endsWith(`/blobs/${digest}`));
}

describe('acceptance 4: prepare-archive', () => {
  it('writes the archive of another architecture, tells what it wrote, and needs no engine', async () => {
    const { world, folder, prepare, read } = await createArchives();
    await using _ = world;
    const { code, json } = await prepare();
    expect(code).toBe(0);
    const bytes = await read();
    expect(json).toEqual({
      schema: 1,
      verb: 'prepare-archive',
      status: 'created',
      image: {
        name: world.image,
        tag: 'latest',
        digest: published.digest,
        index: published.digest,
        manifest: published.manifestFor(arm64).digest,
        config: published.manifestFor(arm64).config.digest,
        platform: 'linux/arm64',
      },
      file: join(folder, 'x-arm64.tar'),
      bytes: bytes.length,
    });
    expect(await readdir(folder)).toEqual(['x-arm64.tar']);
    expect(existsSync(world.layout)).toBe(false);
  });

  it('gives the same bytes twice, and names the file after the profile', async () => {
    const { world, folder, prepare, read } = await createArchives();
    await using _ = world;
    await prepare();
    const first = await read();
    const common = ['--profile', world.profile, '--state-dir', join(world.folder, 'other')];
    const words = [...common, '--platform', 'linux/aarch64', '--platform', 'linux/amd64', '--json'];
    const outcome = await world.runBare(['prepare-archive', ...words], { prefix: ['env', '-C', folder] });
    expect(outcome.code).toBe(0);
    expect((await readdir(folder)).sort()).toEqual(['example-amd64.tar', 'example-arm64.tar', 'x-arm64.tar']);
    expect((await readFile(join(folder, 'example-arm64.tar'))).equals(first)).toBe(true);
  });

  it('acceptance 10, 11: killed in the middle, the next run goes on there and fetches no finished layer again', async () => {
    let isCut = true;
    const stall = ({ path }: { path: string }) =>
      isCut && path.endsWith(`${large?.digest}`) ? { stallAfter: 4 * MiB } : undefined;
    const { world, folder, prepare, read } = await createArchives(stall);
    await using _ = world;
    // Both come at once: which is recorded first is a matter of luck.
    const { promise: started, resolve: onStart } = Promise.withResolvers<ChildProcess>();
    const running = prepare([], { onStart });
    await expect.poll(() => recorded(folder, base?.digest)).toBe(base?.bytes.length);
    await expect.poll(() => recorded(folder, large?.digest)).toBeGreaterThanOrEqual(2 * MiB);
    (await started).kill('SIGKILL');
    const killed = await running;
    expect(killed.code).toBeNull();
    expect((await readdir(folder)).sort()).toEqual(['x-arm64.tar.part', 'x-arm64.tar.part.journal']);

    isCut = false;
    world.registry.received.length = 0;
    expect((await prepare()).code).toBe(0);
    expect(await readdir(folder)).toEqual(['x-arm64.tar']);
    expect(fetchesOf(world, base?.digest)).toEqual([]);
    const [fetched, ...more] = fetchesOf(world, large?.digest);
    expect(more).toEqual([]);
    expect(Number(/^bytes=(\d+)-$/.exec(fetched?.headers.range ?? '')?.[1])).toBeGreaterThanOrEqual(2 * MiB);

    const resumed = await read();
    await prepare();
    expect((await read()).equals(resumed)).toBe(true);
  });

  it('Ctrl-C ends it at once, and keeps what is there', async () => {
    const stall = ({ path }: { path: string }) =>
      path.endsWith(`${large?.digest}`) ? { stallAfter: 2 * MiB } : undefined;
    const { world, folder, prepare } = await createArchives(stall);
    await using _ = world;
    await interrupted(
      (options) => prepare([], options),
      () => expect.poll(() => recorded(folder, large?.digest)).toBeGreaterThanOrEqual(MiB),
    );
    expect((await readdir(folder)).sort()).toEqual(['x-arm64.tar.part', 'x-arm64.tar.part.journal']);
  });

  it('bad input 145: a wrong layer leaves nothing under the final name, and what was there as it was', async () => {
    const body = Buffer.alloc(large?.bytes.length ?? 0, 7);
    const wrong = ({ path }: { path: string }) =>
      path.endsWith(`${large?.digest}`) ? { status: 200, body } : undefined;
    const { world, folder, prepare } = await createArchives(wrong);
    await using _ = world;
    expect(await prepare()).toMatchObject({ code: 3, json: { error: { code: 'DIGEST_MISMATCH' } } });
    expect(await readdir(folder)).not.toContain('x-arm64.tar');
    await writeFile(join(folder, 'x-arm64.tar'), 'old');
    expect((await prepare()).code).toBe(3);
    expect(await readFile(join(folder, 'x-arm64.tar'), 'utf8')).toBe('old');
  });

  it('bad input 152: an unsigned image is refused with nothing written', async () => {
    const { world, folder, prepare } = await createArchives();
    await using _ = world;
    const unsigned = buildTestImage({ created: '2026-02-01' });
    publishTestImage(world.registry, 'team/sandbox', unsigned, { signers: [] });
    expect(await prepare()).toMatchObject({ code: 3, json: { error: { code: 'SIGNATURE_MISSING' } } });
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    [['--arch', 'amd64', '--output', 'one.tar'], 'USAGE'],
    [['--arch', '../x'], 'USAGE'],
    [['--platform', 'linux'], 'USAGE'],
    [['--output', '/dev/null'], 'USAGE'],
    [['--image', 'registry.example.org/other/image:1'], 'USAGE'],
    [['--image', 'A/B'], 'REFERENCE_INVALID'],
  ])('refuses %j and asks nobody', async (args, code) => {
    const { world, prepare } = await createArchives();
    await using _ = world;
    expect(await prepare(args)).toMatchObject({ code: 2, json: { error: { code } } });
    expect(world.registry.received).toEqual([]);
  });
});

/** Bytes of a layer that are in the unfinished file, as its journal says. */
async function recorded(folder: string, digest = ''): Promise<number> {
  const journal = await readFile(join(folder, 'x-arm64.tar.part.journal'), 'utf8');
  return Number(new RegExp(`^${digest.slice('sha256:'.length)} (\\d+)$`, 'm').exec(journal)?.[1]);
}
