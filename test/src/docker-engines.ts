import type { TestRegistryOptions } from '@dangerzone-image/core/testing';
import {
  type EngineUnderTest,
  engines,
  type RunningEngine,
  usualEngine,
} from '../../packages/runtime-docker/src/docker.test-support.ts';
import { createWorld, type World } from './world.ts';

/** One engine with each store: a current one's classic store is the usual engine's, and the adapter's own tests have it. */
export const engineOfEachStore: readonly EngineUnderTest[] = engines
  .filter(({ store }) => store === 'containerd')
  .concat(usualEngine ?? []);

export const socketOf = ({ socket }: RunningEngine) => ({ host: `unix://${socket}` });

/** A world whose machine has this engine, by its socket; when it goes, the engine is empty again. */
export function createDockerWorld(running: RunningEngine, options: TestRegistryOptions = {}): Promise<World> {
  return createWorld(options, {
    name: 'docker',
    options: () => socketOf(running),
    dispose: running.clean,
  });
}

/** An image without a name shows too. */
export async function namesIn(running: RunningEngine): Promise<string[]> {
  const rows = (await running.ask('GET', '/images/json?all=1')).body as { RepoTags: string[] | null }[];
  return rows.flatMap(({ RepoTags }) => (RepoTags?.length ? RepoTags : ['<none>']));
}
