import type { TestRegistryOptions } from '@dangerzone-image/core/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  engines,
  type RunningEngine,
  startEngine,
  usualEngine,
} from '../../packages/runtime-docker/src/docker.test-support.ts';
import { interrupted } from './interrupted.ts';
import { createWorld, release } from './world.ts';

describe.each(engines.filter((engine) => engine === usualEngine || engine.store === 'containerd'))(
  'on $name',
  (engine) => {
    let running: RunningEngine;
    beforeAll(async () => {
      running = await startEngine(engine);
    });
    afterAll(() => running?.[Symbol.asyncDispose]());

    /** Release 1 is installed; whatever then fails, it is as it was. */
    async function installFirst(options: TestRegistryOptions = {}) {
      const world = await createWorld(options, {
        name: 'docker',
        options: () => ({ host: `unix://${running.socket}` }),
        dispose: running.clean,
      });
      onTestFinished(() => world[Symbol.asyncDispose]());
      const { digest } = world.publish(release(1));
      expect((await world.run(['upgrade'])).code).toBe(0);
      world.publish(release(2));
      const requireUnchanged = async () => {
        expect(await world.run(['verify-local'])).toMatchObject({ code: 0, json: { image: { digest } } });
        const rows = (await running.ask('GET', '/images/json?all=1')).body as { RepoTags: string[] | null }[];
        expect(rows.map(({ RepoTags }) => RepoTags)).toEqual([[`${world.image}:latest`]]);
      };
      return { world, requireUnchanged };
    }

    it('bad input 177: by pull, a registry that cuts every layer: the old image is as it was', async () => {
      let isCutting = false;
      const { world, requireUnchanged } = await installFirst({
        fault: ({ path }) => (isCutting && path.includes('/blobs/') ? { resetAfter: 10 } : undefined),
      });
      isCutting = true;
      expect([5, 6]).toContain((await world.run(['upgrade', '--via', 'pull'])).code);
      await requireUnchanged();
      isCutting = false;
      expect(await world.run(['upgrade', '--via', 'pull'])).toMatchObject({ code: 0, json: { status: 'upgraded' } });
    });

    it('acceptance 11: by pull, Ctrl-C while the registry says nothing: answered at once', async () => {
      const { promise: asked, resolve } = Promise.withResolvers<void>();
      let isStalling = false;
      const { world, requireUnchanged } = await installFirst({
        fault: ({ path, headers }) => {
          const isEngine = /docker|containerd/.test(headers['user-agent'] ?? ''); // and not the CLI, which asks first
          if (!isStalling || !path.includes('/blobs/') || !isEngine) return undefined;
          resolve();
          return { stallAfter: 10 };
        },
      });
      isStalling = true;
      await interrupted(
        (options) => world.run(['upgrade', '--via', 'pull'], options),
        () => asked,
      );
      await requireUnchanged();
    });

    it('bad input 186: by load, Ctrl-C while the engine hangs: answered at once, and the next run goes on', async () => {
      const { promise: asked, resolve } = Promise.withResolvers<void>();
      let isHanging = false;
      const { world, requireUnchanged } = await installFirst({
        fault: ({ path }) => {
          if (!isHanging || !path.includes('/blobs/')) return undefined;
          process.kill(running.pid, 'SIGSTOP');
          resolve();
          return undefined;
        },
      });
      isHanging = true;
      try {
        await interrupted(
          (options) => world.run(['upgrade', '--via', 'load'], options),
          () => asked,
        );
      } finally {
        isHanging = false;
        process.kill(running.pid, 'SIGCONT');
      }
      await requireUnchanged();
      expect(await world.run(['upgrade'])).toMatchObject({ code: 0, json: { status: 'upgraded' } });
    });
  },
);
