import { randomBytes } from 'node:crypto';
import { createVerifiedStream, hostPlatform } from '@dangerzone-image/core';
import { buildTestImage, memorySource, verifiedTestImage } from '@dangerzone-image/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRuntime } from './create-runtime.ts';
import { engines, startEngine } from './docker.test-support.ts';

const MIB = 1024 * 1024;
const NAME = 'registry.example.org/team/sandbox';

describe.each(engines)('$name on a full disk', (engine) => {
  it('bad input 177: says so, and keeps the image that was there, under its name', async () => {
    const running = await startEngine(engine, { diskBytes: 16 * MIB });
    onTestFinished(() => running[Symbol.asyncDispose]());
    const runtime = createRuntime({ host: `unix://${running.socket}` });
    const install = (size: number, seed: string) => {
      const layers = [{ [`etc/${seed}`]: randomBytes(size / 2).toString('hex') }];
      const image = buildTestImage({ created: '2026-01-02T03:04:05Z', layers, seed, platforms: [hostPlatform()] });
      const stream = createVerifiedStream(verifiedTestImage(image, NAME, hostPlatform()), memorySource([image]), NAME);
      return runtime.load(stream, { name: `${NAME}:${seed}` });
    };
    const { id } = await install(MIB, 'old');
    expect((await runtime.info()).freeBytes).toBeLessThan(16 * MIB);
    await expect(install(40 * MIB, 'new')).rejects.toMatchObject({ code: 'RUNTIME_FAILED' });
    expect(await runtime.images(NAME)).toMatchObject([{ id, names: [`${NAME}:old`] }]);
  });
});
