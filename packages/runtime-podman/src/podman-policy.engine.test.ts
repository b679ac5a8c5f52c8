import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVerifiedStream, hostPlatform } from '@dangerzone-image/core';
import {
  buildTestImage,
  createTestSigner,
  memorySource,
  publishTestImage,
  startTestRegistry,
  verifiedTestImage,
} from '@dangerzone-image/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { podmanRuntime } from './create-runtime.ts';
import { createStore, isPodmanHere } from './podman.test-support.ts';
import { readPodmanOptions } from './podman-options.ts';
import { podmanRunner } from './run-podman.ts';

const WORK_NAME = 'localhost/dangerzone-image/test:incoming';

async function createScene() {
  const store = await createStore();
  const registry = await startTestRegistry();
  const home = await mkdtemp(join(tmpdir(), 'policy-'));
  onTestFinished(async () => {
    await registry.close();
    await store.dispose();
    await rm(home, { recursive: true });
  });
  const policy = async (transports: unknown) => {
    await mkdir(join(home, '.config', 'containers'), { recursive: true });
    const file = join(home, '.config', 'containers', 'policy.json');
    await writeFile(file, JSON.stringify({ default: [{ type: 'reject' }], transports }));
  };
  await policy({});
  const run = podmanRunner(readPodmanOptions(store.options));
  const runtime = podmanRuntime((args, call) => run(args, { ...call, env: { ...call?.env, HOME: home } }), {
    platform: process.platform,
    env: {},
  });
  const name = `${registry.host}/team/sandbox`;
  const signer = createTestSigner({ image: name });
  const image = buildTestImage({ created: '2026-01-02T03:04:05Z' });
  publishTestImage(registry, 'team/sandbox', image, { signers: [signer] });
  const verified = verifiedTestImage(image, name, hostPlatform(), signer);
  const roads = {
    load: () => runtime.load(createVerifiedStream(verified, memorySource([image]), name), { name: WORK_NAME }),
    pull: async () => runtime.pull?.(verified, { name: WORK_NAME }),
  };
  const stored = async () => JSON.parse((await store.podman('images', '--all', '--format', 'json')).stdout);
  return { roads, policy, stored };
}

describe.skipIf(!isPodmanHere)('bad input 175: a policy.json that rejects everything', () => {
  it.each(['load', 'pull'] as const)('by %s: nothing is stored, and the stanza that is named helps', async (road) => {
    const { roads, policy, stored } = await createScene();
    const refusal = await roads[road]().catch((error) => error);
    expect(refusal).toMatchObject({ code: 'RUNTIME_FAILED' });
    expect(refusal.message).toContain('rejected by policy');
    expect(await stored()).toEqual([]);

    const advice = refusal.suggestions.join('\n');
    expect(advice).toContain('policy.json');
    await policy(JSON.parse(/\{.*\}/.exec(advice)?.[0] ?? ''));
    expect(await roads[road]()).toMatchObject({ names: [WORK_NAME] });
  });
});
