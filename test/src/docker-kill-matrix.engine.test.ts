import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Step } from '@dangerzone-image/core';
import { buildTestImage } from '@dangerzone-image/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningEngine, startEngine } from '../../packages/runtime-docker/src/docker.test-support.ts';
import { createDockerWorld, engineOfEachStore, namesIn } from './docker-engines.ts';
import { at, momentsAtTheEngine, requireRecovery, stepsAtTheEngine, stepsOf } from './kill-matrix.ts';

/** From the transfer on an archive and a registry are one road: of `upgrade`, what its downloads have to do with. */
const MOMENTS: readonly (readonly [verb: string, moment: string])[] = [
  ...[...stepsAtTheEngine, ...momentsAtTheEngine].map((moment) => ['load-archive', moment] as const),
  ...['half-way', 'between-tags', 'remove-older'].map((moment) => ['upgrade', moment] as const),
];
const isBeforeTransfer = (step: Step) => !stepsAtTheEngine.includes(step);

/** More than a socket holds: half-way, the engine has begun to take it. */
const large = randomBytes(4 * 1024 * 1024);
const release = (month: number) =>
  buildTestImage({
    created: new Date(Date.UTC(2026, month - 1, 1)),
    platforms: [{ os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch }],
    layers: [{ 'usr/share/large': large }, { 'etc/release': `${month}\n` }],
  });

/** Where an engine keeps what it is handed until it is whole: the classic store's, and containerd's. */
async function unfinishedIn({ folder }: RunningEngine): Promise<string[]> {
  const names = await readdir(join(folder, 'data'), { recursive: true });
  return names.filter((name) => /(^tmp|\.content\/ingest)\/[^/]+$/.test(name));
}

describe.each(engineOfEachStore)('acceptance 10: kill matrix on Docker: $name', (engine) => {
  let running: RunningEngine;
  beforeAll(async () => {
    running = await startEngine(engine);
  });
  afterAll(() => running?.[Symbol.asyncDispose]());

  async function recovers(verb: string, ...moments: readonly string[]): Promise<void> {
    await using world = await createDockerWorld(running);
    const requireOneImage = async () => expect(await namesIn(running)).toEqual([`${world.image}:latest`]);
    await requireRecovery({
      world,
      words: [verb],
      releases: [release(1), release(2)],
      async die(words) {
        for (const [index, moment] of moments.entries()) {
          if (index > 0) await requireOneImage();
          await at(world, moment)(words);
        }
      },
    });
    await requireOneImage();
    // An engine takes a moment to give up what was broken off.
    await expect.poll(() => unfinishedIn(running)).toEqual([]);
  }

  it.each(MOMENTS)(
    '%s, SIGKILL at %s: the old or the new image verifies at once, and the next run leaves one image',
    recovers,
  );

  it('load-archive, SIGKILL at each step before the transfer: the engine was only asked, and has what it had', () =>
    recovers('load-archive', 'first-byte-read', ...stepsOf('load-archive').filter(isBeforeTransfer)));
});
