import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Containerd,
  isNerdctlHere,
  startContainerd,
} from '../../examples/runtime-nerdctl/src/containerd.test-support.ts';
import { example } from './packed-app.ts';
import { playScenario } from './scripted-scenario.ts';
import { createWorld, release } from './world.ts';

describe.skipIf(!isNerdctlHere)('the example’s runtime on a real containerd', () => {
  let containerd: Containerd;
  beforeAll(async () => {
    containerd = await startContainerd();
  });
  afterAll(() => containerd.stop());

  const engine = (namespace: string) => ({
    name: 'nerdctl',
    options: () => ({ address: containerd.address, namespace }),
  });

  it('acceptance 13: the scenario has the verdicts and answers that it has on files', async () => {
    await using files = await createWorld({ auth: 'token' });
    const expected = await playScenario(files, release);
    // It is announced as somebody else's code before anything else is said.
    const announced = expected.map((step) =>
      step.did === 'said the size first' ? { ...step, code: expect.any(Number) } : step,
    );
    await using world = await createWorld({ auth: 'token' }, engine('scenario'));
    expect((await world.runBare(['plugins', 'add', example])).code).toBe(0);
    expect(await playScenario(world, release)).toEqual(announced);
  });

  it('acceptance 9: three upgrades leave one image', async () => {
    await using world = await createWorld({}, engine('upgrades'));
    await world.runBare(['plugins', 'add', example]);
    for (const month of [1, 2, 3]) {
      world.publish(release(month));
      expect(await world.run(['upgrade'])).toMatchObject({ code: 0 });
    }
    const { stdout } = await containerd.nerdctl('--namespace=upgrades', 'images', '--format={{.Name}}');
    expect(stdout.trim()).toBe(`${world.image}:latest`);
    expect(await world.run(['verify-local'])).toMatchObject({ code: 0 });
  });
});
