import { PassThrough, Readable } from 'node:stream';
import { createVerifiedStream, hostPlatform } from '@dangerzone-image/core';
import { buildTestImage, memorySource, verifiedTestImage } from '@dangerzone-image/core/testing';
import type Dockerode from 'dockerode';
import { describe, expect, it } from 'vitest';
import { dockerRuntime } from './docker-runtime.ts';
import type { Engine } from './open-engine.ts';

const NAME = 'registry.example.org/team/sandbox';
const image = buildTestImage({ created: '2026-01-02T03:04:05Z' });
const verified = verifiedTestImage(image, NAME, hostPlatform());

/** A load into an engine that answers at a moment of the test's choice. */
function load(loadImage: (tar: Readable) => Readable, source = memorySource([image])) {
  const docker = {
    listImages: async () => [],
    loadImage: async (tar: AsyncIterable<Uint8Array>) => loadImage(Readable.from(tar)),
  };
  const engine = { docker: docker as unknown as Dockerode, platform: hostPlatform() } as Engine;
  const runtime = dockerRuntime('docker', async () => engine);
  return runtime.load(createVerifiedStream(verified, source, NAME), { name: `${NAME}:x` });
}

describe('a load', () => {
  it('whose source breaks off tells why, although the engine has begun to answer', async () => {
    const source = memorySource([image], (_, bytes) => bytes.subarray(1));
    const answering = load((tar) => {
      const answer = new PassThrough();
      tar.resume().on('error', () => answer.destroy(new Error('aborted')));
      return answer;
    }, source);
    await expect(answering).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  it('that the engine calls done before it has read everything is none: not all of it was verified', async () => {
    const hasty = load(() => Readable.from([Buffer.from('{"stream":"Loaded image: x"}\n')]));
    await expect(hasty).rejects.toMatchObject({ code: 'RUNTIME_FAILED' });
  });

  it('that the engine calls done at its end is one, though it claims nothing then: that is for core to judge', async () => {
    const done = load((tar) => {
      const answer = new PassThrough();
      tar.resume().on('end', () => answer.end('{"stream":"Loaded image: x"}\n'));
      return answer;
    });
    expect(await done).toEqual({ id: 'nothing', digests: [], names: [] });
  });
});

describe('a pull', () => {
  it.each<[string, Partial<Record<'createImage' | 'tag', () => Promise<Readable>>>]>([
    ['is told to stop', { createImage: () => Promise.reject(new Error('stop')) }],
    ['cannot be given its name', { tag: () => Promise.reject(new Error('no')) }],
  ])('that %s leaves no name by digest', async (_, { createImage = async () => Readable.from([]), tag }) => {
    const removed: string[] = [];
    const docker = {
      listImages: async () => [],
      createImage,
      getImage: (name: string) => ({ tag, remove: async () => void removed.push(name) }),
    };
    const engine = { docker: docker as unknown as Dockerode, platform: hostPlatform() } as Engine;
    const runtime = dockerRuntime('docker', async () => engine);
    await expect(runtime.pull(verified, { name: `${NAME}:x` })).rejects.toThrow();
    expect(removed).toEqual([`${NAME}@${verified.digest}`]);
  });
});
