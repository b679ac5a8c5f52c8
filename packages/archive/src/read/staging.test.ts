import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ContainerRuntime,
  createVerifiedStream,
  hexOf,
  hostPlatform,
  loadArchive,
  type VerifiedStream,
} from '@dangerzone-image/core';
import { buildTestArchive, buildTestImage, memoryRuntime, memorySource } from '@dangerzone-image/core/testing';
import { describe, expect, it } from 'vitest';
import { profile, signer, temporaryFolder } from './machine.test-support.ts';
import { openArchive } from './open-archive.ts';

const image = buildTestImage({ created: '2026-02-03T04:05:06Z' });
const older = buildTestImage({ created: '2026-01-02T03:04:05Z', seed: 'older' });
const own = image.manifestFor(hostPlatform());
const other = image.manifests.find(({ digest }) => digest !== own.digest);
const olderFile = buildTestArchive(older, { form: 'cosign-save', signers: [signer] });
const file = buildTestArchive(image, { form: 'cosign-save', signers: [signer] });

/** The file with another byte in one blob. */
function damaged(digest = ''): Buffer {
  const at = file.indexOf(`./blobs/sha256/${digest.slice(7)}`) + 512;
  const bytes = Buffer.from(file);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}

/** An engine that reads files: what is staged is kept beside it until it is loaded. */
async function createMachine(change: Partial<ContainerRuntime> = {}) {
  const folder = await temporaryFolder();
  const calls: string[] = [];
  const memory = memoryRuntime();
  const logged: ContainerRuntime = {
    ...memory,
    info: async () => ({ ...(await memory.info()), platform: hostPlatform() }),
    images: (...args) => note('images', memory.images(...args)),
    load: (...args) => note('load', memory.load(...args)),
    async stage(stream, options) {
      calls.push('stage');
      await readAll(stream);
      return {
        load: () => note('load of what was staged', memory.load(again(stream), options)),
        [Symbol.asyncDispose]: async () => void calls.push('dispose'),
      };
    },
    ...change,
  };
  function note<T>(call: string, result: Promise<T>): Promise<T> {
    calls.push(call);
    return result;
  }
  return {
    calls,
    memory,
    async load(bytes: Uint8Array, options?: Parameters<typeof loadArchive>[1]) {
      calls.length = 0;
      const path = join(folder, 'image.tar');
      await writeFile(path, bytes);
      const source = await openArchive(path);
      try {
        return await loadArchive({ profile, state: { path: join(folder, 'state') }, runtime: logged, source }, options);
      } finally {
        await source.close();
      }
    },
  };
}

async function readAll(stream: VerifiedStream): Promise<void> {
  for await (const { content } of stream.blobs()) for await (const chunk of content) void chunk;
  stream.roots();
}

function again({ image: verified }: VerifiedStream): VerifiedStream {
  return createVerifiedStream(verified, memorySource([image, older]), 'team/sandbox');
}

describe('an archive for an engine that reads files', () => {
  it('is written for it before it is asked for anything, and loaded from there', async () => {
    const { calls, memory, load } = await createMachine();
    expect(await load(file)).toMatchObject({ status: 'installed' });
    expect(calls[0]).toBe('stage');
    expect(calls).toContain('load of what was staged');
    expect(calls).not.toContain('load');
    expect(calls.at(-1)).toBe('dispose');
    expect(memory.all().map(({ id }) => id)).toEqual([own.config.digest]);
  });

  it.each(own.layers.map(({ digest }) => digest))(
    'is refused at a wrong layer by its place in the file, and nothing is asked: %s',
    async (digest) => {
      const { calls, load } = await createMachine();
      const refusal = await load(damaged(digest)).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: 'DIGEST_MISMATCH' });
      expect((refusal as Error).message).toContain(`member "blobs/sha256/${hexOf(digest)}" at byte`);
      expect(calls).toEqual(['stage']);
    },
  );

  it('is refused at a wrong layer of another platform, too, and what was written goes', async () => {
    const { calls, load } = await createMachine();
    const digest = other?.layers.find((layer) => !own.layers.some((mine) => mine.digest === layer.digest))?.digest;
    await expect(load(damaged(digest))).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(calls).toEqual(['stage', 'dispose']);
  });

  it('is not written where it is installed already, or older', async () => {
    const { calls, load } = await createMachine();
    await load(file);
    expect(await load(file)).toMatchObject({ status: 'up-to-date' });
    expect(calls).not.toContain('stage');
    await expect(load(olderFile)).rejects.toMatchObject({ code: 'ROLLBACK_REFUSED' });
    expect(calls).not.toContain('stage');
    expect(await load(olderFile, { force: true })).toMatchObject({ status: 'upgraded' });
    expect(calls).toContain('load');
  });

  it('is sent to it where there is no room to write', async () => {
    const { calls, load } = await createMachine({ stage: async () => undefined });
    expect(await load(file)).toMatchObject({ status: 'installed' });
    expect(calls).toContain('load');
  });

  it('is refused where the adapter says that it wrote it, and did not read it', async () => {
    const { calls, load } = await createMachine({
      stage: async () => ({
        load: () => Promise.reject(new Error('never')),
        [Symbol.asyncDispose]: async () => void calls.push('dispose'),
      }),
    });
    await expect(load(damaged(own.layers[0]?.digest))).rejects.toMatchObject({ code: 'RUNTIME_FAILED' });
    expect(calls).toEqual(['dispose']);
  });

  it('goes when the engine fails', async () => {
    const { calls, load } = await createMachine({ tag: () => Promise.reject(new Error('no')) });
    await expect(load(file)).rejects.toMatchObject({ code: 'RUNTIME_FAILED' });
    expect(calls.at(-1)).toBe('dispose');
  });
});
