import { describe, expect, it } from 'vitest';
import { withoutNetwork } from './network-namespace.ts';
import { namesIn, podmanEngines, requireItRuns, runnableRelease } from './podman-engines.ts';
import { playScenario } from './scripted-scenario.ts';
import { createWorld, type World } from './world.ts';

const expected = podmanEngines.length > 0 ? await playOnFiles() : [];
const expectedOfPull = expected.filter(({ did }) => did !== 'by a mirror');

async function playOnFiles() {
  await using world = await createWorld({ auth: 'token' });
  return await playScenario(world, runnableRelease); // before the world goes
}

const runtimeWords = ({ runtime }: World) => [
  '--runtime',
  runtime.name,
  ...Object.entries(runtime.options).flatMap(([key, value]) => ['--runtime-option', `${key}=${value}`]),
];

describe.each(podmanEngines)('on a real Podman, as $title', (engine) => {
  it.each([
    ['load', expected],
    ['pull', expectedOfPull],
  ])('acceptance 13: by %s, the scenario has the verdicts and answers that it has on files', async (via, same) => {
    await using world = await createWorld({ auth: 'token' }, engine);
    expect(await playScenario(world, runnableRelease, ['--via', via])).toEqual(same);
    expect(await namesIn(engine, world)).toEqual([`${world.image}:latest`]);
    await requireItRuns(engine, world, `${world.image}:latest`);
    expect(await world.run(['verify-local'], { prefix: withoutNetwork ?? [] })).toMatchObject({ code: 0 });
  });

  it.each(['load', 'pull'])(
    'acceptance 9: by %s, three upgrades leave one image, and nothing dangling',
    async (via) => {
      await using world = await createWorld({}, engine);
      for (const month of [1, 2, 3]) {
        world.publish(runnableRelease(month));
        expect((await world.run(['upgrade', '--via', via])).code).toBe(0);
      }
      expect(await namesIn(engine, world)).toEqual([`${world.image}:latest`]);
      await requireItRuns(engine, world, `${world.image}:latest`);
    },
  );

  it('acceptance 8: what came by one road is up to date by the other, and is one image', async () => {
    await using world = await createWorld({}, engine);
    const { digest } = world.publish(runnableRelease(1));
    await world.run(['upgrade', '--via', 'pull']);
    expect(await world.run(['upgrade', '--via', 'load'])).toMatchObject({ code: 0, json: { status: 'up-to-date' } });
    expect(await world.run(['verify-local'])).toMatchObject({ code: 0, json: { image: { digest } } });
    expect(await namesIn(engine, world)).toEqual([`${world.image}:latest`]);
  });

  it('an image swapped under the same name is refused, and upgrade repairs it', async () => {
    await using world = await createWorld({}, engine);
    world.publish(runnableRelease(1));
    await world.run(['upgrade']);
    await using other = await createWorld({}, { ...engine, dispose: async () => {} });
    other.publish(runnableRelease(1, 'evil'));
    const common = ['--profile', other.profile, '--state-dir', other.state, '--json'];
    expect((await other.runBare(['upgrade', ...common, ...runtimeWords(world)])).code).toBe(0);
    const ref = (await world.run(['verify-local'])).json.image;
    await engine.podman(world.layout, 'tag', `${other.image}:latest`, `${world.image}:latest`);

    expect(await world.run(['verify-local'])).toMatchObject({
      code: 3,
      json: { error: { code: 'IMAGE_NOT_VERIFIED' } },
    });
    // bad input 172: who runs what verify-local named gets that or nothing, whoever has the tag by now.
    const { stdout } = await engine.podman(
      world.layout,
      'image',
      'inspect',
      '--format',
      '{{.Id}}',
      `${world.image}@${ref.digest}`,
    );
    expect(['', ref.config.slice('sha256:'.length)]).toContain(stdout.trim());
    expect(await world.run(['upgrade'])).toMatchObject({ code: 0 });
    expect((await world.run(['verify-local'])).code).toBe(0);
    expect(await namesIn(engine, world)).toContain(`${other.image}:latest`);
  });

  it.each(['load', 'pull'])('bad input 172: by %s, what --print ref names is what Podman runs', async (via) => {
    await using world = await createWorld({}, engine);
    world.publish(runnableRelease(1));
    await world.run(['upgrade', '--via', via]);
    const local = ['--profile', world.profile, '--state-dir', world.state, ...runtimeWords(world)];
    const { stdout, code } = await world.runBare(['verify-local', '--print', 'ref', ...local]);
    expect(code).toBe(0);
    expect(stdout.trim()).toMatch(/@sha256:[0-9a-f]{64}$/);
    await requireItRuns(engine, world, stdout.trim());
  });
});
