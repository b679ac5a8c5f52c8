import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestRegistryOptions } from '@dangerzone-image/core/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  type EngineUnderTest,
  engines,
  type RunningEngine,
  startEngine,
  usualEngine,
  writeContext,
} from '../../packages/runtime-docker/src/docker.test-support.ts';
import { engineOfEachStore, namesIn, socketOf } from './docker-engines.ts';
import { withoutNetwork } from './network-namespace.ts';
import { playScenario } from './scripted-scenario.ts';
import { createWorld, release, type World } from './world.ts';

/** How the CLI is told which engine is meant. */
interface Road {
  readonly title: string;
  readonly runtime: string;
  options?(running: Running): Readonly<Record<string, string>>;
  env?(running: Running): Readonly<Record<string, string>>;
  /** Reached over a network, though it be loopback's. */
  readonly isTcp?: boolean;
}

interface Running extends RunningEngine {
  readonly home: string;
}

const bySocket: Road = { title: 'its socket', runtime: 'docker', options: socketOf };
const otherRoads: readonly Road[] = [
  {
    title: 'DOCKER_HOST over tcp',
    runtime: 'docker',
    env: ({ port }) => ({ DOCKER_HOST: `tcp://127.0.0.1:${port}` }),
    isTcp: true,
  },
  {
    title: 'a docker context',
    runtime: 'docker',
    env: ({ home }) => ({ DOCKER_CONFIG: join(home, 'config'), DOCKER_CONTEXT: 'work' }),
  },
  { title: 'Docker Desktop’s path', runtime: 'docker-desktop', env: ({ home }) => ({ HOME: home }) },
];

/** An engine that listens wherever the roads lead. */
async function start(engine: EngineUnderTest): Promise<Running> {
  const home = await mkdtemp(join(tmpdir(), 'dangerzone-image-home-'));
  const socket = join(home, '.docker', 'desktop', 'docker.sock');
  const running = await startEngine(engine, { socket, withTcp: true });
  await writeContext(join(home, 'config'), 'work', `unix://${socket}`);
  return {
    ...running,
    home,
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      await rm(home, { recursive: true });
    },
  };
}

function createScene(running: Running, road: Road, options: TestRegistryOptions = {}): Promise<World> {
  return createWorld(options, {
    name: road.runtime,
    options: () => road.options?.(running) ?? {},
    env: () => road.env?.(running) ?? {},
    dispose: running.clean,
  });
}

const roads = engineOfEachStore.map((engine) => ({
  engine,
  name: engine.name,
  all: engine === usualEngine ? [bySocket, ...otherRoads] : [bySocket],
}));

/** What the same script gives with images in a folder. */
const expected = engines.length > 0 ? await playOnFiles() : [];

async function playOnFiles() {
  await using world = await createWorld({ auth: 'token' });
  return await playScenario(world, release); // before the world goes
}

describe.each(roads)('acceptance 13: on a real engine: $name', ({ engine, all }) => {
  let running: Running;
  beforeAll(async () => {
    running = await start(engine);
  });
  afterAll(() => running?.[Symbol.asyncDispose]());

  it.each(all)('by $title, the scenario has the verdicts and answers that it has on files', async (road) => {
    await using world = await createScene(running, road, { auth: 'token' });
    expect(await playScenario(world, release)).toEqual(expected);
    expect(await namesIn(running)).toEqual([`${world.image}:latest`]);
    const prefix = road.isTcp ? [] : (withoutNetwork ?? []);
    expect(await world.run(['verify-local'], { prefix })).toMatchObject({ code: 0 });
  });

  it('by --via pull too', async () => {
    await using world = await createScene(running, bySocket, { auth: 'token' });
    const sameOfPull = expected.filter(({ did }) => did !== 'by a mirror');
    expect(await playScenario(world, release, ['--via', 'pull'])).toEqual(sameOfPull);
    expect(await namesIn(running)).toEqual([`${world.image}:latest`]);
  });

  it('acceptance 8: what came by one road is up to date by the other, and is one image', async () => {
    await using world = await createScene(running, bySocket);
    const { digest } = world.publish(release(1));
    await world.run(['upgrade', '--via', 'pull']);
    expect(await world.run(['upgrade', '--via', 'load'])).toMatchObject({ code: 0, json: { status: 'up-to-date' } });
    expect(await world.run(['verify-local'])).toMatchObject({ code: 0, json: { image: { digest } } });
    expect(await namesIn(running)).toEqual([`${world.image}:latest`]);
  });

  it('an image swapped under the same name is refused, and upgrade repairs it', async () => {
    await using world = await createScene(running, bySocket);
    world.publish(release(1));
    await world.run(['upgrade']);
    await using other = await createWorld({}, { name: 'docker', options: () => world.runtime.options });
    other.publish(release(1, 'evil'));
    expect((await other.run(['upgrade'])).code).toBe(0);
    const theirs = `${other.image}:latest`;
    await running.ask('POST', `/images/${theirs}/tag?repo=${world.image}&tag=latest`);

    const refused = { code: 3, json: { error: { code: 'IMAGE_NOT_VERIFIED' } } };
    expect(await world.run(['verify-local'])).toMatchObject(refused);
    expect((await world.run(['upgrade'])).code).toBe(0);
    expect((await world.run(['verify-local'])).code).toBe(0);
    expect((await namesIn(running)).sort()).toEqual([theirs, `${world.image}:latest`].sort());
  });
});

it('bad input 173: an engine on another machine is refused with its address, unless that is allowed', async () => {
  // What answers there is an engine of a kind: enough to be asked who it is.
  const answers: Readonly<Record<string, object>> = {
    '/version': { Version: '29.0.0', Os: 'linux', Arch: 'amd64' },
    '/info': { Driver: 'overlay2', DockerRootDir: '/var/lib/docker' },
  };
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end(JSON.stringify(answers[request.url ?? ''] ?? []));
  });
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  // Every address of this machine, and to look at none of it.
  const host = `tcp://0.0.0.0:${port}`;
  await using world = await createWorld({}, { name: 'docker', options: () => ({ host }) });
  expect(await world.run(['verify-local'])).toMatchObject({
    code: 6,
    json: { error: { code: 'RUNTIME_UNAVAILABLE', details: { endpoint: host } } },
  });
  expect(asked.filter((url) => url.startsWith('/images'))).toEqual([]);
  expect(await world.run(['verify-local', '--allow-remote-engine'])).toMatchObject({
    code: 6,
    json: { error: { code: 'IMAGE_NOT_INSTALLED' } },
  });
});
