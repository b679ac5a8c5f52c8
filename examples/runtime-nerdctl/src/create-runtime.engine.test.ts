import { createVerifiedStream, formatPlatform, hostPlatform } from '@dangerzone-image/core';
import {
  buildTestImage,
  describeRuntimeContract,
  memorySource,
  verifiedTestImage,
} from '@dangerzone-image/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Containerd, isNerdctlHere, startContainerd } from './containerd.test-support.ts';
import { createRuntime } from './create-runtime.ts';

const NAME = 'registry.example.org/team/sandbox';

describe.skipIf(!isNerdctlHere)('nerdctl on a containerd of its own', () => {
  let containerd: Containerd;
  let namespaces = 0;
  beforeAll(async () => {
    containerd = await startContainerd();
  });
  afterAll(() => containerd.stop());

  /** Namespaces do not see each other's images: each test has an empty one. */
  const options = () => {
    namespaces += 1;
    return { address: containerd.address, namespace: `test-${namespaces}` };
  };
  const loaded = async (image = buildTestImage({ created: '2026-01-02T03:04:05Z' })) => {
    const given = options();
    const runtime = createRuntime(given);
    const verified = verifiedTestImage(image, NAME, hostPlatform());
    const stream = createVerifiedStream(verified, memorySource([image]), NAME);
    const local = await runtime.load(stream, { name: `${NAME}:latest` });
    const nerdctl = (...words: string[]) => containerd.nerdctl(`--namespace=${given.namespace}`, ...words);
    return { runtime, verified, local, nerdctl };
  };

  describeRuntimeContract('nerdctl', async () => ({ runtime: createRuntime(options()), dispose: async () => {} }));

  it('tells version, store and where containerd answers', async () => {
    const { address, namespace } = options();
    expect(await createRuntime({ address, namespace }).info()).toMatchObject({
      version: expect.stringMatching(/^v?\d+\.\d+/),
      platform: hostPlatform(),
      store: expect.any(String),
      endpoint: address,
      isRemote: false,
    });
  });

  it('names an image by the signed digest: that of its index', async () => {
    const { verified, local } = await loaded();
    expect(local).toEqual({ id: verified.digest, digests: [verified.digest], names: [`${NAME}:latest`] });
    expect(verified.digest).toBe(verified.index?.digest);
  });

  it('has the image complete: it can be tagged and saved', async () => {
    const { runtime, local, nerdctl } = await loaded();
    const platform = `--platform=${formatPlatform(hostPlatform())}`;
    expect((await nerdctl('save', platform, '--output=/dev/null', NAME)).failed).toBe(false);
    await runtime.tag(local, `${NAME}:other`);
    expect((await runtime.images(NAME)).map(({ names }) => [...names].sort())).toEqual([
      [`${NAME}:latest`, `${NAME}:other`],
    ]);
  });

  it('does not remove the last name of an image that a container uses', async () => {
    const { runtime, local, nerdctl } = await loaded();
    expect((await nerdctl('create', '--network=none', `${NAME}:latest`, '/nothing')).failed).toBe(false);
    await expect(runtime.remove(local)).rejects.toThrow('used by stopped container');
    expect(await runtime.images(NAME)).toHaveLength(1);
  });

  it('is unavailable, and says so, where no containerd answers', async () => {
    const runtime = createRuntime({ address: `${containerd.address}.none` });
    await expect(runtime.info()).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
  });
});
