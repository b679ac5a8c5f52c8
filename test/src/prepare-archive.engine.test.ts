import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostPlatform } from '@dangerzone-image/core';
import { publishTestImage } from '@dangerzone-image/core/testing';
import { describe, expect, it } from 'vitest';
import { engines, startEngine } from '../../packages/runtime-docker/src/docker.test-support.ts';
import { type PodmanEngine, podmanEngines } from './podman-engines.ts';
import { startTufPublisher, trustedRootWith } from './tuf-publisher.ts';
import { createWorld, release, type World } from './world.ts';

const [arm64, amd64] = ['arm64', 'amd64'].map((architecture) => ({ os: 'linux', architecture }));

/** An archive that brings a trusted root along, as `tuf/`: files that no engine knows. The name of its image. */
async function prepareWithTrustedRoot(file: string): Promise<string> {
  await using world = await createWorld();
  await using tuf = await startTufPublisher();
  const { env } = tuf;
  world.publish(release(1));
  tuf.repository.publish(trustedRootWith(world.signer));
  const profile = await world.writeProfile({ transparencyLog: undefined }, 'public.json');
  const prepare = ['prepare-archive', '--profile', profile, '--state-dir', world.state, '--output', file];
  for (const words of [['trust', 'update'], prepare]) expect((await world.runBare(words, { env })).code).toBe(0);
  expect((await readFile(file)).includes('./tuf/timestamp.json')).toBe(true);
  return world.image;
}

async function loaded(engine: PodmanEngine, world: World, file: string) {
  expect(await engine.podman(world.layout, 'load', '--quiet', '--input', file)).toMatchObject({ failed: false });
  const { stdout } = await engine.podman(world.layout, 'images', '--all', '--format', 'json');
  const [image, ...others]: { Id: string; Digest: string; Names: string[] }[] = JSON.parse(stdout);
  expect(others).toEqual([]);
  return image;
}

describe.each(podmanEngines)('what prepare-archive writes, in plain Podman as $title', (engine) => {
  it.each([amd64, arm64])('acceptance 4: podman load takes it, and has the verified image: %o', async (platform) => {
    await using world = await createWorld({}, engine);
    const published = release(1);
    world.publish(published);
    const file = join(world.layout, 'x.tar');
    const words = ['prepare-archive', '--arch', platform?.architecture ?? '', '--output', file];
    expect((await world.run(words)).code).toBe(0);
    const { digest, config } = published.manifestFor(platform as NonNullable<typeof platform>);
    expect(await loaded(engine, world, file)).toMatchObject({
      Id: config.digest.slice('sha256:'.length),
      Digest: digest,
      Names: [`${world.image}:latest`],
    });
  });

  it('and where a trusted root comes along', async () => {
    await using world = await createWorld({}, engine);
    const file = join(world.layout, 'x.tar');
    await prepareWithTrustedRoot(file);
    const { digest } = release(1).manifestFor(hostPlatform());
    expect(await loaded(engine, world, file)).toMatchObject({ Digest: digest });
  });

  it('acceptance 4: and where only the index is signed', async () => {
    await using world = await createWorld({}, engine);
    const published = release(1);
    publishTestImage(world.registry, 'team/sandbox', published, { signers: [world.signer] });
    const file = join(world.layout, 'x.tar');
    const { json } = await world.run(['prepare-archive', '--output', file]);
    expect(await loaded(engine, world, file)).toMatchObject({
      Id: json.image.config.slice('sha256:'.length),
      Digest: published.digest,
    });
  });
});

describe.each(engines)('what prepare-archive writes, in plain $name', (engine) => {
  it.each([
    ['each of its manifests is signed', true],
    ['only the index is signed', false],
  ])('acceptance 4: docker load takes it, and has the verified image, where %s', async (_name, signPlatforms) => {
    await using world = await createWorld();
    await using docker = await startEngine(engine);
    const published = release(1);
    publishTestImage(world.registry, 'team/sandbox', published, { signers: [world.signer], signPlatforms });
    for (const platform of [amd64, arm64]) {
      const file = join(world.folder, 'x.tar');
      const words = ['prepare-archive', '--arch', platform?.architecture ?? '', '--output', file];
      expect((await world.run(words)).code).toBe(0);
      const answer = await docker.ask('POST', '/images/load', await readFile(file));
      expect(answer).toMatchObject({ status: 200 });
      expect(JSON.stringify(answer.body)).not.toContain('error');
      const { digest, config } = published.manifestFor(platform as NonNullable<typeof platform>);
      const { body } = await docker.ask('GET', `/images/${world.image}:latest/json`);
      const root = signPlatforms ? digest : published.digest;
      expect(body).toMatchObject({ Id: engine.store === 'classic' ? config.digest : root });
      await docker.clean();
    }
  });

  it('and where a trusted root comes along', async () => {
    await using world = await createWorld();
    await using docker = await startEngine(engine);
    const file = join(world.folder, 'x.tar');
    const image = await prepareWithTrustedRoot(file);
    expect(await docker.ask('POST', '/images/load', await readFile(file))).toMatchObject({ status: 200 });
    const { digest, config } = release(1).manifestFor(hostPlatform());
    const { body } = await docker.ask('GET', `/images/${image}:latest/json`);
    expect(body).toMatchObject({ Id: engine.store === 'classic' ? config.digest : digest });
    await docker.clean();
  });
});
