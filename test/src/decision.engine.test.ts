import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type RunningEngine, startEngine } from '../../packages/runtime-docker/src/docker.test-support.ts';
import { breakableRegistry, decisions, playDecisions } from './decision-scenario.ts';
import { createDockerWorld, engineOfEachStore, namesIn as namesInDocker } from './docker-engines.ts';
import { namesIn, podmanEngines, requireItRuns, runnableRelease } from './podman-engines.ts';
import { playRollback } from './rollback-scenario.ts';
import { createWorld, release } from './world.ts';

// A test here is some fifty runs of the CLI, and each of those half a dozen of Podman.
vi.setConfig({ testTimeout: 900_000 });

describe.each(podmanEngines)('decisions on a real Podman, as $title', (engine) => {
  it('acceptance 14: the decision table, row by row', async () => {
    const { fault, setBroken } = breakableRegistry(runnableRelease(4));
    await using world = await createWorld({ fault }, engine);
    const loseImage = () => engine.podman(world.layout, 'rmi', '--all', '--force');
    expect(await playDecisions({ world, release: runnableRelease, loseImage, setBroken })).toEqual(decisions);
    expect(await namesIn(engine, world)).toEqual([`${world.image}:latest`]);
    await requireItRuns(engine, world, `${world.image}:latest`);
  });

  it('acceptance 7: an older image is refused by archive and by registry, forced, and undone', async () => {
    await using world = await createWorld({}, engine);
    await playRollback(world, runnableRelease);
    expect(await namesIn(engine, world)).toEqual([`${world.image}:latest`]);
  });
});

describe.each(engineOfEachStore)('decisions on a real Docker: $name', (engine) => {
  let running: RunningEngine;
  beforeAll(async () => {
    running = await startEngine(engine);
  });
  afterAll(() => running?.[Symbol.asyncDispose]());

  it('acceptance 14: the decision table, row by row', async () => {
    const { fault, setBroken } = breakableRegistry(release(4));
    await using world = await createDockerWorld(running, { fault });
    expect(await playDecisions({ world, release, loseImage: running.clean, setBroken })).toEqual(decisions);
    expect(await namesInDocker(running)).toEqual([`${world.image}:latest`]);
  });

  it('acceptance 7: an older image is refused by archive and by registry, forced, and undone', async () => {
    await using world = await createDockerWorld(running);
    await playRollback(world, release);
    expect(await namesInDocker(running)).toEqual([`${world.image}:latest`]);
  });
});
