import { readdir, readFile } from 'node:fs/promises';
import { openArchive } from '@dangerzone-image/archive';
import { type ContainerRuntime, hostPlatform, loadArchive, loadProfile } from '@dangerzone-image/core';
import { createRuntime } from '@dangerzone-image/runtime-oci-layout';
import { describe, expect, it } from 'vitest';
import { writeArchive, writeBytes } from './archives.ts';
import { createWorld, release, type World } from './world.ts';

const interrupted = new Error('Ctrl-C');

/** What goes wrong at the engine, or beside it, when everything of the archive is verified. */
const FAULTS: readonly (readonly [
  string,
  (runtime: ContainerRuntime, stop: AbortController) => Partial<ContainerRuntime>,
])[] = [
  ['load throws what nobody foresaw', () => ({ load: async () => Promise.reject(new TypeError('a bug')) })],
  ['the engine’s program is missing', () => ({ load: () => failure('ENOENT') })],
  ['it throws after it has loaded', (own) => ({ load: (...args) => own.load(...args).then(() => failure('EPIPE')) })],
  [
    'it names another image',
    (own) => ({ load: (...args) => own.load(...args).then((image) => ({ ...image, id: 'x' })) }),
  ],
  ['Ctrl-C at its first byte', (own, stop) => ({ load: (image, options) => abortIn(own, stop).load(image, options) })],
  [
    'Ctrl-C when it has loaded',
    (own, stop) => ({ load: (...args) => own.load(...args).finally(() => stop.abort(interrupted)) }),
  ],
  ['it gives no name', () => ({ tag: () => failure('EIO') })],
];

function abortIn(own: ContainerRuntime, stop: AbortController): Pick<ContainerRuntime, 'load'> {
  return { load: (image, options) => own.load(image, { ...options, onBytes: () => stop.abort(interrupted) }) };
}

function failure(code: string): Promise<never> {
  return Promise.reject(Object.assign(new Error(code), { code }));
}

async function load(world: World, file: string, change: (typeof FAULTS)[number][1]) {
  const own = createRuntime({ path: world.layout });
  const stop = new AbortController();
  const runtime = { ...own, ...change(own, stop) };
  const source = await openArchive(file);
  try {
    const profile = await loadProfile(world.profile, { env: {} });
    await loadArchive({ profile, state: { path: world.state }, runtime, source, signal: stop.signal });
  } finally {
    await source.close();
  }
}

describe('bad input 150: an engine that fails in the middle of load-archive', () => {
  it.each(FAULTS)('%s: what was there verifies, and the next load ends whole', async (_title, change) => {
    await using world = await createWorld();
    const [one, two] = [release(1), release(2)];
    await world.run(['load-archive', await writeArchive(world, one, { name: 'one.tar' })]);
    const file = await writeArchive(world, two, { name: 'two.tar' });
    await expect(load(world, file, change)).rejects.toThrow();
    expect(await world.run(['verify-local'])).toMatchObject({ code: 0, json: { image: { digest: one.digest } } });
    expect((await world.run(['load-archive', file])).code).toBe(0);
    expect(await world.run(['verify-local'])).toMatchObject({ code: 0, json: { image: { digest: two.digest } } });
    expect((await readdir(world.layout)).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
  });

  it('is asked for nothing but its platform before the archive’s last byte is proven', async () => {
    await using world = await createWorld();
    const image = release(1);
    const good = await writeArchive(world, image);
    const bytes = await readFile(good);
    const layer = image.manifestFor(hostPlatform()).layers.at(-1)?.digest.slice(7) ?? '';
    const at = bytes.indexOf(`blobs/sha256/${layer}\0`) + 512;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    const asked: string[] = [];
    const note = (own: ContainerRuntime): Partial<ContainerRuntime> => ({
      images(...args) {
        asked.push('images');
        return own.images(...args);
      },
      load(...args) {
        asked.push('load');
        return own.load(...args);
      },
    });
    const bad = await writeBytes(world.folder, 'bad.tar', bytes);
    await expect(load(world, bad, note)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(asked).toEqual([]);
    await load(world, good, note);
    expect(asked).toContain('load');
  });
});
