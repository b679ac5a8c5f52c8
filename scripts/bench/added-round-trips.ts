import { buildTestImage, type TestImage } from '../../packages/core/dist/testing/index.js';
import { release } from '../../test/src/world.ts';
import { atMost, milliseconds, type Table } from './figures.ts';
import { createMachine } from './machine.ts';
import { runCommand } from './run-command.ts';
import { createSlowLink, type PassedRequest } from './slow-link.ts';

const ROUND_TRIP_MS = 100;

interface Placed extends PassedRequest {
  /** How many requests, one after the other, were answered before this one was sent; from 1. */
  readonly round: number;
}

/** How many round trips an upgrade spends on signatures alone, while nothing of the image itself is on its way. */
export async function measureAddedRoundTrips(): Promise<Table> {
  const link = createSlowLink();
  await using machine = await createMachine({ fault: link.hook });
  machine.world.publish(release(1));
  await runCommand(machine.verb('upgrade'));
  const image = buildTestImage({ created: new Date(Date.UTC(2026, 1, 1)) });
  machine.world.publish(image);
  link.passed.length = 0;
  link.roundTripMs = ROUND_TRIP_MS;
  const { ms } = await runCommand(machine.verb('upgrade'));

  const placed = placeInRounds(link.passed);
  const kinds = kindsOf(image);
  const isLayer = ({ line }: Placed) => kinds.layers.some((digest) => line.includes(digest));
  const isOfImage = ({ line }: Placed) => kinds.documents.some((part) => line.endsWith(part));
  const firstLayer = placed.findIndex(isLayer);
  if (firstLayer === -1) throw new Error('the upgrade fetched no layer');
  const before = placed.slice(0, firstLayer);
  const rounds = Map.groupBy(before, ({ round }) => round);
  const added = [...rounds.values()].filter((requests) => !requests.some(isOfImage));
  const trips = (requests: readonly Placed[]) => (requests.some(({ isNewConnection }) => isNewConnection) ? 2 : 1);
  const sum = (list: readonly (readonly Placed[])[]) => list.reduce((total, requests) => total + trips(requests), 0);
  const addedTrips = sum(added);
  return {
    title: 'Round trips of an upgrade with news, before its first layer',
    meaning: [
      'Requests in flight at the same time are one round trip; a new connection costs one more. "Added" is what passes',
      'while only signatures are asked for: the tag, index, manifest and config would be fetched without them too.',
    ],
    rows: [
      { job: 'requests before the first layer', measured: `${before.length}` },
      { job: 'round trips before the first layer', measured: `${sum([...rounds.values()])}` },
      {
        job: 'round trips added by verification',
        measured: `${addedTrips} (${added.flat().length} requests)`,
        target: atMost(2, addedTrips, ''),
      },
      { job: 'the whole upgrade at 100 ms', measured: milliseconds(ms) },
    ],
  };
}

/** A request that began after another was answered may have waited for it: that is a later round. */
function placeInRounds(passed: readonly PassedRequest[]): Placed[] {
  const placed: Placed[] = [];
  for (const request of [...passed].sort((one, other) => one.begin - other.begin)) {
    const before = placed.filter(({ end }) => end <= request.begin).map(({ round }) => round);
    placed.push({ ...request, round: 1 + Math.max(0, ...before) });
  }
  return placed;
}

function kindsOf({ digest, manifests }: TestImage): { layers: readonly string[]; documents: readonly string[] } {
  return {
    layers: manifests.flatMap(({ layers }) => layers.map((layer) => layer.digest)),
    documents: ['/latest', digest, ...manifests.flatMap((manifest) => [manifest.digest, manifest.config.digest])],
  };
}
