import { execFile } from 'node:child_process';
import {
  chmod,
  link,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { digestOf, hexOf } from '../oci/digest.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { withoutPause } from '../registry/retry-policy.test-support.ts';
import { startTestRegistry } from '../testing/test-registry.ts';
import type { Fault, FaultHook } from '../testing/test-registry-fault.ts';
import { type BlobCacheOptions, cachedSource } from './blob-cache.ts';
import type { ImageSource, WantedContent } from './image-source.ts';
import { streamVerified } from './read-verified.ts';
import { sourceChain } from './source-chain.ts';

const repository = 'team/sandbox';
const blobOf = (seed: number) =>
  Buffer.from(Array.from({ length: 100_000 }, (_, at) => (at * seed + (at >> 8)) & 0xff));
const blobs = [blobOf(3), blobOf(5), blobOf(7), blobOf(11), blobOf(13)];
const [blob = Buffer.of()] = blobs;
const wantedOf = (bytes: Uint8Array): WantedContent => ({
  kind: 'blob',
  repository,
  digest: digestOf(bytes),
  size: bytes.length,
  limit: 1_000_000,
});
const cut = 60_000;

async function makeFolder() {
  const parent = await mkdtemp(join(tmpdir(), 'blobs-'));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  const folder = join(parent, 'cache');
  const finished = join(folder, hexOf(digestOf(blob)));
  return { folder, finished, part: `${finished}.part` };
}

async function start(fault?: FaultHook) {
  const registry = await startTestRegistry(fault ? { fault } : {});
  onTestFinished(registry.close);
  for (const bytes of blobs) registry.putBlob(repository, bytes);
  const source = openRegistry({ origin: new URL(registry.origin), env: {}, retry: withoutPause });
  return { registry, source };
}

/** What one run of ours makes of a source: a new cache on the same folder. */
async function run(source: ImageSource, options: BlobCacheOptions, bytes: readonly Uint8Array[] = [blob]) {
  const counted: number[] = [];
  const cached = cachedSource(source, { onBytes: (count) => counted.push(count), ...options });
  await cached.prefetch(bytes.map(wantedOf));
  for (const content of bytes) expect(await readAll(cached, wantedOf(content))).toEqual(content);
  return { cached, counted: counted.reduce((sum, count) => sum + count, 0) };
}

async function readAll(source: ImageSource, wanted: WantedContent): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of streamVerified(source, wanted)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const always =
  (fault: Fault): FaultHook =>
  () =>
    fault;

describe('cachedSource', () => {
  it('acceptance 11: finished blobs are not fetched again, in this run and the next', async () => {
    const { folder, finished } = await makeFolder();
    const { registry, source } = await start();
    const first = await run(source, { folder }, blobs);
    expect(first.counted).toBe(500_000);
    expect([...registry.requests].sort()).toEqual(
      blobs.map((bytes) => `GET /v2/${repository}/blobs/${digestOf(bytes)}`).sort(),
    );
    registry.requests.length = 0;
    expect((await run(source, { folder }, blobs)).counted).toBe(500_000);
    expect(registry.requests).toEqual([]);
    expect([(await stat(folder)).mode & 0o777, (await stat(finished)).mode & 0o777]).toEqual([0o700, 0o600]);
  });

  it('acceptance 11: a download that broke off at 60 % goes on in the next run', async () => {
    const { folder, part } = await makeFolder();
    const broken = await start(({ earlier }) => (earlier === 0 ? { resetAfter: cut } : { status: 503 }));
    await expect(run(broken.source, { folder })).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    expect(await readFile(part)).toEqual(blob.subarray(0, cut));
    const { registry, source } = await start();
    expect((await run(source, { folder })).counted).toBe(blob.length);
    expect(registry.received.map(({ headers }) => headers.range)).toEqual([`bytes=${cut}-`]);
    expect(await readdir(folder)).toEqual([hexOf(digestOf(blob))]);
  });

  it('keeps what came before an abort, and ends with the reason of the abort', async () => {
    const { folder, part } = await makeFolder();
    const { source } = await start(always({ stallAfter: cut }));
    const controller = new AbortController();
    const reason = Object.assign(new Error('Ctrl-C'), { code: 'ABORT_ERR' });
    let received = 0;
    const onBytes = (count: number) => {
      received += count;
      if (received === cut) controller.abort(reason);
    };
    const cached = cachedSource(source, { folder, onBytes });
    await expect(cached.prefetch([wantedOf(blob)], { signal: controller.signal })).rejects.toBe(reason);
    expect((await stat(part)).size).toBe(received);
    const again = await start();
    await run(again.source, { folder });
    expect(again.registry.received[0]?.headers.range).toBe(`bytes=${cut}-`);
  });

  it.each<[string, (paths: { finished: string; part: string }) => Promise<void>]>([
    ['a finished blob with a flipped byte', ({ finished }) => writeFile(finished, flipped(), { mode: 0o600 })],
    ['a finished blob that is cut', ({ finished }) => truncate(finished, 100)],
    ['an empty finished blob', ({ finished }) => truncate(finished, 0)],
    [
      'a part with a flipped byte',
      async ({ finished, part }) => {
        await rm(finished);
        await writeFile(part, flipped().subarray(0, cut), { mode: 0o600 });
      },
    ],
    [
      'a part that is too long',
      async ({ finished, part }) => {
        await rm(finished);
        await writeFile(part, Buffer.concat([blob, blob]), { mode: 0o600 });
      },
    ],
    [
      'a complete part that is wrong',
      async ({ finished, part }) => {
        await rm(finished);
        await writeFile(part, flipped(), { mode: 0o600 });
      },
    ],
  ])('fetches anew what was damaged on the disk: %s', async (_name, damage) => {
    const { folder, ...paths } = await makeFolder();
    const { registry, source } = await start();
    await run(source, { folder });
    await damage(paths);
    registry.received.length = 0;
    expect((await run(source, { folder })).counted).toBe(blob.length);
    expect(registry.received.at(-1)?.headers.range).toBeUndefined();
    expect(await readFile(paths.finished)).toEqual(blob);
    registry.received.length = 0;
    await run(source, { folder });
    expect(registry.received).toEqual([]);
  });

  it.each<[string, Fault]>([
    ['has none of that range', { status: 416, body: '' }],
    ['sends another range', { headers: { 'content-range': `bytes 0-${blob.length - 1}/${blob.length}` } }],
    ['names no range', { headers: { 'content-range': undefined } }],
  ])('begins anew where the registry %s, as it would in every later run', async (_name, fault) => {
    const { folder, part } = await makeFolder();
    await mkdir(folder, { mode: 0o700 });
    await writeFile(part, blob.subarray(0, cut), { mode: 0o600 });
    const { registry, source } = await start(({ headers }) => (headers.range ? fault : undefined));
    expect((await run(source, { folder })).counted).toBe(blob.length);
    expect(registry.received.map(({ headers }) => headers.range)).toEqual([`bytes=${cut}-`, undefined]);
  });

  it('keeps what it has where a web page comes in place of the rest', async () => {
    const { folder, part } = await makeFolder();
    await mkdir(folder, { mode: 0o700 });
    await writeFile(part, blob.subarray(0, cut), { mode: 0o600 });
    const { source } = await start(always({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }));
    await expect(run(source, { folder })).rejects.toMatchObject({ code: 'REGISTRY_ANSWER_INVALID' });
    expect((await stat(part)).size).toBe(cut);
  });

  it('takes an empty blob without a request, and refuses an announced one that is not', async () => {
    const { folder } = await makeFolder();
    const { registry, source } = await start();
    expect((await run(source, { folder }, [Buffer.of()])).counted).toBe(0);
    const cached = cachedSource(source, { folder });
    await expect(cached.prefetch([{ ...wantedOf(blob), size: 0 }])).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(registry.requests).toEqual([]);
  });

  it('takes a part that is complete and right without a request', async () => {
    const { folder, part } = await makeFolder();
    await mkdir(folder, { mode: 0o700 });
    await writeFile(part, blob, { mode: 0o600 });
    const { registry, source } = await start();
    await run(source, { folder });
    expect(registry.requests).toEqual([]);
  });

  it('downloads several at once, and no more than it may', async () => {
    const { folder } = await makeFolder();
    const gates = blobs.map(() => Promise.withResolvers<void>());
    const full = Promise.withResolvers<void>();
    let [open, most, begun] = [0, 0, 0];
    const { registry, source } = await start(async () => {
      most = Math.max(most, ++open);
      const gate = gates[begun++];
      if (begun === 3) full.resolve();
      await gate?.promise;
      open--;
      return undefined;
    });
    const running = run(source, { folder, parallel: 3 }, blobs);
    await full.promise;
    expect(registry.requests).toHaveLength(3);
    for (const gate of gates) gate.resolve();
    await running;
    expect(most).toBe(3);
  });

  it('fetches one blob once, however many ask for it at the same time', async () => {
    const { folder } = await makeFolder();
    const { registry, source } = await start();
    const cached = cachedSource(source, { folder });
    const all = await Promise.all([
      readAll(cached, wantedOf(blob)),
      readAll(cached, wantedOf(blob)),
      cached.prefetch([wantedOf(blob), wantedOf(blob)]),
    ]);
    expect(all[0]).toEqual(blob);
    expect(registry.requests).toHaveLength(1);
  });

  it('fails when another run clears the folder under it', async () => {
    const { folder } = await makeFolder();
    const { source } = await start(async () => {
      await cachedSource(source, { folder }).clear();
      return undefined;
    });
    const fetching = cachedSource(source, { folder }).prefetch([wantedOf(blob)]);
    await expect(fetching).rejects.toMatchObject({ code: 'STATE_INVALID' });
  });

  it('goes on with a part where the source can only begin at the beginning', async () => {
    const { folder, part } = await makeFolder();
    await mkdir(folder, { mode: 0o700 });
    await writeFile(part, blob.subarray(0, cut), { mode: 0o600 });
    const { origins: _none, ...plain } = (await start()).source;
    const counted: number[] = [];
    await run(plain, { folder, onBytes: (count) => counted.push(count) });
    expect([counted[0], Math.min(...counted) > 0]).toEqual([cut, true]); // nothing was thrown away
  });

  it('shares a folder with another run that is at the same blobs', async () => {
    const { folder } = await makeFolder();
    const bothAsked = Promise.withResolvers<void>();
    const { source } = await start(async ({ earlier }) => {
      if (earlier === 1) bothAsked.resolve();
      await bothAsked.promise;
      return undefined;
    });
    const runs = [run(source, { folder }), run(source, { folder })];
    await Promise.all(runs);
    expect(await readdir(folder)).toEqual([hexOf(digestOf(blob))]);
  });

  it.each(['finished', 'part'] as const)('ends at once with an abort while it looks at a %s blob', async (name) => {
    const paths = await makeFolder();
    await mkdir(paths.folder, { mode: 0o700 });
    await writeFile(paths[name], Buffer.alloc(5 * 1024 * 1024), { mode: 0o600 });
    const controller = new AbortController();
    const reason = new Error('Ctrl-C');
    let reads = 0;
    const openFile = async (...args: Parameters<typeof open>) => {
      const file = await open(...args);
      const read = file.read.bind(file) as (...rest: unknown[]) => Promise<never>;
      const count = (...rest: unknown[]) => {
        reads++;
        controller.abort(reason);
        return read(...rest);
      };
      return Object.assign(file, { read: count }) as typeof file;
    };
    const { registry, source } = await start();
    const cached = cachedSource(source, { folder: paths.folder, openFile });
    await expect(cached.prefetch([wantedOf(blob)], { signal: controller.signal })).rejects.toBe(reason);
    expect([reads, registry.requests.length]).toEqual([1, 0]);
  });

  it('stops the others when one fails, and goes on with them in the next run', async () => {
    const { folder } = await makeFolder();
    const bad = digestOf(blobs[1] as Buffer);
    const { source } = await start(({ path }) => (path.endsWith(bad) ? { status: 404 } : { stallAfter: cut }));
    const cached = cachedSource(source, { folder });
    const { signal } = new AbortController();
    await expect(cached.prefetch(blobs.map(wantedOf), { signal })).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    await run((await start()).source, { folder }, blobs);
  });

  it('fails once and may be asked again', async () => {
    const { folder } = await makeFolder();
    const { source } = await start(({ earlier }) => (earlier === 0 ? { status: 500 } : undefined));
    const cached = cachedSource(source, { folder });
    await expect(cached.prefetch([wantedOf(blob)])).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    await cached.prefetch([wantedOf(blob)]);
    expect(await readAll(cached, wantedOf(blob))).toEqual(blob);
  });

  it('hands manifests, tags and signatures on as they are, and keeps none of them', async () => {
    const { folder } = await makeFolder();
    const { registry, source } = await start();
    const bytes = Buffer.from('{}');
    const digest = registry.putManifest(repository, bytes, 'application/vnd.oci.image.index.v1+json', 'latest');
    const cached = cachedSource(source, { folder });
    const reference = { registry: registry.host, repository, name: `${registry.host}/${repository}`, tag: 'latest' };
    expect(await cached.resolve(reference)).toBe(digest);
    expect(await cached.findSignatures(reference, digest)).toEqual([]);
    expect(await cached.findBundles(reference, digest)).toEqual([]);
    expect(await cached.findAttestations(reference, digest)).toEqual([]);
    expect(await readAll(cached, { kind: 'manifest', repository, digest, limit: 10 })).toEqual(bytes);
    await expect(stat(folder)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('fetches content whose size is not known from its beginning', async () => {
    const { folder, part } = await makeFolder();
    await mkdir(folder, { mode: 0o700 });
    await writeFile(part, blob.subarray(0, cut), { mode: 0o600 });
    const { registry, source } = await start();
    const { size: _size, ...sizeless } = wantedOf(blob);
    expect(await readAll(cachedSource(source, { folder }), sizeless)).toEqual(blob);
    expect(registry.received[0]?.headers.range).toBeUndefined();
  });

  it('clears what is its own, and nothing else', async () => {
    const { folder, part } = await makeFolder();
    const { source } = await start();
    const { cached } = await run(source, { folder });
    await writeFile(part, 'x', { mode: 0o600 });
    await writeFile(join(folder, 'note.txt'), 'mine');
    await cached.clear();
    expect(await readdir(folder)).toEqual(['note.txt']);
    await rm(join(folder, 'note.txt'));
    await cached.clear();
    await expect(stat(folder)).rejects.toMatchObject({ code: 'ENOENT' });
    await cached.clear();
    expect(await readAll(cached, wantedOf(blob))).toEqual(blob); // fetched anew
  });
});

describe('a cache over several places', () => {
  const wrong: Fault = { body: flipped() };

  it('takes a blob that is wrong at one place from the next', async () => {
    const { folder } = await makeFolder();
    const [evil, good] = [await start(always(wrong)), await start()];
    expect((await run(sourceChain([evil.source, good.source]), { folder })).counted).toBe(blob.length);
    expect([evil.registry.requests.length, good.registry.requests.length]).toEqual([1, 1]);
    expect(good.registry.received[0]?.headers.range).toBeUndefined();
  });

  it('goes on at the next place with what the first one gave, where that is right', async () => {
    const { folder } = await makeFolder();
    const broken = await start(({ earlier }) => (earlier === 0 ? { resetAfter: cut } : { status: 404 }));
    const good = await start();
    await run(sourceChain([broken.source, good.source]), { folder });
    expect(good.registry.received.map(({ headers }) => headers.range)).toEqual([`bytes=${cut}-`]);
  });

  it('goes on at the next place where the first one was cut and has no such part', async () => {
    const { folder } = await makeFolder();
    const broken = await start(({ earlier }) => (earlier === 0 ? { resetAfter: cut } : { status: 416 }));
    const good = await start();
    await run(sourceChain([broken.source, good.source]), { folder });
    expect(broken.registry.requests).toHaveLength(2);
    expect(good.registry.received.map(({ headers }) => headers.range)).toEqual([`bytes=${cut}-`]);
  });

  it('begins anew at an honest place when what the first one gave was wrong', async () => {
    const { folder } = await makeFolder();
    const evil = await start(({ earlier }) => (earlier === 0 ? { ...wrong, resetAfter: cut } : { status: 404 }));
    const good = await start();
    await run(sourceChain([evil.source, good.source]), { folder });
    expect(good.registry.received.map(({ headers }) => headers.range)).toEqual([`bytes=${cut}-`, undefined]);
  });

  it('bad input 9: refuses bytes that are wrong everywhere, and keeps none', async () => {
    const { folder, part } = await makeFolder();
    const [first, second] = [await start(always(wrong)), await start(always(wrong))];
    const running = run(sourceChain([first.source, second.source]), { folder });
    await expect(running).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(await readdir(folder)).toEqual([`${hexOf(digestOf(blob))}.part`]);
    expect((await stat(part)).size).toBe(0);
  });

  it('refuses bytes beyond the size before they are on the disk', async () => {
    const { folder, part } = await makeFolder();
    const { source } = await start(always({ body: Buffer.concat([blob, blob]) }));
    let [there, most] = [0, 0];
    const onBytes = (count: number) => {
      there += count;
      most = Math.max(most, there);
    };
    await expect(run(source, { folder, onBytes })).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect((await stat(part)).size).toBe(0);
    expect(most).toBeLessThanOrEqual(blob.length);
  });

  it('asks for nothing that is announced as larger than its limit', async () => {
    const { folder } = await makeFolder();
    const { registry, source } = await start();
    const cached = cachedSource(source, { folder });
    await expect(cached.prefetch([{ ...wantedOf(blob), limit: 10 }])).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(registry.requests).toEqual([]);
  });
});

describe('a disk that is full', () => {
  it('acceptance 11: says so before the download, with the bytes that are needed and free', async () => {
    const { folder, part } = await makeFolder();
    await mkdir(folder, { mode: 0o700 });
    await writeFile(part, blob.subarray(0, cut), { mode: 0o600 });
    const { registry, source } = await start();
    const freeBytes = async () => 1000;
    await expect(run(source, { folder, freeBytes })).rejects.toMatchObject({
      code: 'DISK_FULL',
      details: { needed: blob.length - cut, free: 1000 },
    });
    expect(registry.requests).toEqual([]);
  });

  it.each(['ENOSPC', 'EDQUOT'])('keeps what it could write when the disk says %s, and goes on later', async (code) => {
    const { folder, part } = await makeFolder();
    const { source } = await start();
    const openFile = async (...args: Parameters<typeof open>) => {
      const file = await open(...args);
      const write = file.write.bind(file) as (...rest: unknown[]) => Promise<{ bytesWritten: number }>;
      let room = 70_000;
      const fill = async (chunk: Uint8Array, from: number, length: number, at: number) => {
        if (room === 0) throw Object.assign(new Error(code), { code, syscall: 'write' });
        const { bytesWritten } = await write(chunk, from, Math.min(length, room), at);
        room -= bytesWritten;
        return { bytesWritten, buffer: chunk };
      };
      return Object.assign(file, { write: fill }) as typeof file;
    };
    await expect(run(source, { folder, openFile })).rejects.toMatchObject({
      code: 'DISK_FULL',
      details: { needed: blob.length - 70_000 },
      suggestions: [expect.any(String)],
    });
    expect(await readFile(part)).toEqual(blob.subarray(0, 70_000));
    await run(source, { folder });
  });
});

describe('a folder that others have their hands on', () => {
  it('is not cleared where it is a link to a folder of somebody else’s blobs', async () => {
    const { folder, finished } = await makeFolder();
    const elsewhere = `${folder}-elsewhere`;
    await mkdir(elsewhere, { mode: 0o700 });
    await symlink(elsewhere, folder);
    await writeFile(finished, blob);
    const { source } = await start();
    await expect(cachedSource(source, { folder }).clear()).rejects.toMatchObject({ code: 'STATE_INVALID' });
    expect(await readdir(elsewhere)).toHaveLength(1);
  });

  it.each<[string, (paths: { folder: string; finished: string; part: string }) => Promise<void>]>([
    ['a folder that others may write to', ({ folder }) => chmod(folder, 0o777)],
    ['a part that others may write', ({ part }) => writeFile(part, '').then(() => chmod(part, 0o666))],
    ['a part that is a link', ({ part }) => symlink('/dev/null', part)],
    ['a finished blob that is a link', ({ finished }) => symlink('/etc/hostname', finished)],
    ['a folder in place of a part', ({ part }) => mkdir(part)],
    ['a pipe in place of a part', ({ part }) => makePipe(part)],
    ['a pipe in place of a finished blob', ({ finished }) => makePipe(finished)],
    [
      'a finished blob with a second name',
      ({ finished, folder }) => writeFile(finished, blob).then(() => link(finished, join(folder, 'x'))),
    ],
  ])('refuses %s', async (_name, prepare) => {
    const paths = await makeFolder();
    await mkdir(paths.folder, { mode: 0o700 });
    await prepare(paths);
    const { registry, source } = await start();
    await expect(run(source, paths)).rejects.toMatchObject({ code: 'STATE_INVALID' });
    expect(registry.requests).toEqual([]);
  });
});

async function makePipe(path: string): Promise<void> {
  await promisify(execFile)('mkfifo', ['-m', '600', path]);
}

function flipped(): Buffer {
  const bytes = Buffer.from(blob);
  bytes[1000] = (bytes[1000] ?? 0) ^ 1;
  return bytes;
}
