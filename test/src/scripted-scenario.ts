import { publishTestImage, type TestImage } from '@dangerzone-image/core/testing';
import { createWorld, type Outcome, type World } from './world.ts';

/** What a script sees of one run: its exit code, and its JSON with what differs from machine to machine taken out. */
export interface Step {
  readonly did: string;
  readonly code: number | null;
  readonly shape: unknown;
}

/**
 * Acceptance 3, 7, 8, 9 and 13 in one script: what a person does with one machine in a year. Whatever the runtime is, the
 * verdicts and the shape of every answer are the same.
 */
export async function playScenario(
  world: World,
  release: (month: number) => TestImage,
  upgradeFlags: readonly string[] = [],
): Promise<Step[]> {
  const steps: Step[] = [];
  const play = async (did: string, args: readonly string[]): Promise<Outcome> => {
    const flags = args[0] === 'upgrade' ? upgradeFlags : [];
    const outcome = await world.run([...args, ...flags]);
    steps.push({ did, code: outcome.code, shape: shapeOf(outcome.json) });
    return outcome;
  };
  await play('nothing is installed', ['verify-local']);
  await play('and nothing is offered', ['upgrade']);
  const one = world.publish(release(1));
  const fresh = await play('fresh install', ['upgrade', '--progress', 'plain']);
  steps.push({ did: 'said the size first', code: fresh.stderr.search(/To download: \d/), shape: '' });
  world.registry.requests.length = 0;
  await play('again', ['upgrade']);
  steps.push({ did: 'asked the registry', code: world.registry.requests.length, shape: '' });
  await play('verify', ['verify-local']);
  const two = world.publish(release(2));
  await play('news', ['check']);
  await play('upgrade', ['upgrade']);
  await play('verify', ['verify-local']);
  world.publish(release(1));
  await play('rollback', ['upgrade']);
  await play('the good one stays', ['verify-local']);
  const forced = await play('rollback by force', ['upgrade', '--force']);
  await play('status', ['status']);
  world.publish(release(2));
  const undone = await play('undone', ['upgrade']);
  publishTestImage(world.registry, 'team/sandbox', release(3));
  await play('unsigned', ['upgrade']);
  await play('the good one stays', ['verify-local']);
  world.publish(release(2));
  await using elsewhere = await createWorld();
  elsewhere.publish(release(2));
  if (!upgradeFlags.includes('pull')) await play('by a mirror', ['upgrade', '--mirror', elsewhere.registry.origin]);
  await play('status at the end', ['status', '--exit-code']);
  const images = [fresh, forced, undone].map(({ json }) => json.image?.digest);
  steps.push({
    did: 'installed',
    code: null,
    shape: images.map((digest) => [one, two].findIndex((published) => published.digest === digest)),
  });
  return steps;
}

/** Words that scripts decide on stay; of the rest, what kind of value it is. */
const DECIDED_ON = ['verb', 'status', 'code', 'verdict', 'schema', 'reason'];

function shapeOf(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => shapeOf(item));
  if (typeof value !== 'object' || value === null) return DECIDED_ON.includes(name) ? value : typeof value;
  const members = Object.entries(value).filter(([key]) => key !== 'details' && key !== 'suggestions');
  const shapes = members
    .sort()
    .map(([key, member]) => [key.replace(/^[0-9a-f]{64}$/, '<log id>'), shapeOf(member, key)]);
  return Object.fromEntries(shapes);
}
