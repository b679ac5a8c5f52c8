import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { steps } from '@dangerzone-image/core';
import { publishTestImage, tarOf } from '@dangerzone-image/core/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  type EngineUnderTest,
  engines,
  type RunningEngine,
  startEngine,
  usualEngine,
  writeContext,
} from '../../packages/runtime-docker/src/docker.test-support.ts';
import { withoutNetwork } from './network-namespace.ts';
import { upgradeKilledAt } from './upgrade-killed-at.ts';
import { createWorld, type Outcome, release, type World } from './world.ts';

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

const bySocket: Road = {
  title: 'its socket',
  runtime: 'docker',
  options: ({ socket }) => ({ host: `unix://${socket}` }),
};
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

interface Scene extends AsyncDisposable {
  readonly world: World;
  run(args: readonly string[], prefix?: readonly string[]): Promise<Outcome>;
}

async function createScene(running: Running, road: Road): Promise<Scene> {
  const engine = { name: road.runtime, options: () => road.options?.(running) ?? {}, dispose: running.clean };
  const world = await createWorld({}, engine);
  return {
    world,
    run: (args, prefix = []) => world.run(args, { env: road.env?.(running) ?? {}, prefix }),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

async function namesIn(running: Running): Promise<string[]> {
  const rows = (await running.ask('GET', '/images/json?all=1')).body as { RepoTags: string[] | null }[];
  return rows.flatMap(({ RepoTags }) => (RepoTags?.length ? RepoTags : ['<none>']));
}

/** One engine with each store: a current one's classic store is the usual engine's, and the adapter's own tests have it. */
const roads = engines
  .filter(({ store }) => store === 'containerd')
  .concat(usualEngine ?? [])
  .map((engine) => ({
    engine,
    name: engine.name,
    all: engine === usualEngine ? [bySocket, ...otherRoads] : [bySocket],
  }));

describe.each(roads)('acceptance 13: on a real engine: $name', ({ engine, all }) => {
  let running: Running;
  beforeAll(async () => {
    running = await start(engine);
  });
  afterAll(() => running?.[Symbol.asyncDispose]());

  const ways = all.flatMap((road) =>
    (road === bySocket ? ['load', 'pull'] : ['load']).map((via) => ({ ...road, via })),
  );
  it.each(ways)('the whole scenario, by $title and $via', async ({ via, ...road }) => {
    await using scene = await createScene(running, road);
    const { world, run } = scene;
    const upgrade = () => run(['upgrade', '--via', via]);
    const offline = road.isTcp ? [] : (withoutNetwork ?? []);
    const stable = `${world.image}:latest`;

    const one = world.publish(release(1));
    expect(await upgrade()).toMatchObject({ code: 0, json: { status: 'installed', image: { digest: one.digest } } });
    expect(await upgrade()).toMatchObject({ code: 0, json: { status: 'up-to-date' } });
    const { digest } = world.publish(release(2));
    expect(await upgrade()).toMatchObject({ code: 0, json: { status: 'upgraded' } });
    expect(await namesIn(running)).toEqual([stable]);
    expect(await run(['verify-local'], offline)).toMatchObject({ code: 0, json: { image: { digest } } });

    world.publish(release(1));
    expect(await upgrade()).toMatchObject({ code: 4, json: { error: { code: 'ROLLBACK_REFUSED' } } });
    publishTestImage(world.registry, 'team/sandbox', release(3), { tag: 'latest', signers: [] });
    expect(await upgrade()).toMatchObject({ code: 3, json: { error: { code: 'SIGNATURE_MISSING' } } });
    expect(await run(['verify-local'])).toMatchObject({ code: 0, json: { image: { digest } } });

    const somebodys = 'localhost/somebody:x';
    await running.ask('POST', '/images/create?fromSrc=-&repo=localhost/somebody&tag=x', tarOf({ 'etc/x': '' }));
    await running.ask('POST', `/images/${somebodys}/tag?repo=${world.image}&tag=latest`);
    expect(await run(['verify-local'])).toMatchObject({ code: 3, json: { error: { code: 'IMAGE_NOT_VERIFIED' } } });
    world.publish(release(2));
    expect((await upgrade()).code).toBe(0);
    expect(await run(['verify-local'])).toMatchObject({ code: 0, json: { image: { digest } } });
    expect((await namesIn(running)).sort()).toEqual([stable, somebodys].sort());
  });

  // Before the transfer the engine is only asked, never told: test/src/kill-matrix.test.ts has those moments.
  it.each([...steps.slice(steps.indexOf('transfer')), 'first-byte', 'between-tags'])(
    'SIGKILL at %s: the next upgrade recovers, one image is left',
    async (moment) => {
      await using scene = await createScene(running, bySocket);
      const { world, run } = scene;
      const one = world.publish(release(1));
      await run(['upgrade']);
      const two = world.publish(release(2));
      expect(await upgradeKilledAt(world, moment)).toBe('SIGKILL');
      const between = await run(['verify-local']);
      expect(between.code).toBe(0);
      expect([one.digest, two.digest]).toContain(between.json.image.digest);
      expect((await run(['upgrade'])).code).toBe(0);
      expect(await run(['verify-local'])).toMatchObject({ code: 0, json: { image: { digest: two.digest } } });
      expect(await namesIn(running)).toEqual([`${world.image}:latest`]);
    },
  );
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
