import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atMost, mebibytes, milliseconds, type Row, type Table } from './figures.ts';
import { createLargeImage, type LargeImage } from './large-image.ts';
import { bareNode, createMachine, type Machine } from './machine.ts';
import { copyImage, measurePeers, peerCommand } from './peers.ts';
import { isPodmanHere, podmanEngine } from './podman-engine.ts';
import { type Command, type Ran, runCommand } from './run-command.ts';

const MOST_MIB = 160;
const MIB = 1024 ** 2;

type MakeCommand = (machine: Machine) => Command;
type EngineName = 'oci-layout' | 'podman';

/** What a command of ours holds in memory at most, and how long it takes, for an image of this size. */
export async function measureMemory(mebibytesOfImage: number, runs: number): Promise<Table> {
  const folder = await mkdtemp(join(tmpdir(), 'dangerzone-image-bench-'));
  try {
    const large = await createLargeImage(folder, mebibytesOfImage * MIB, new Date(Date.UTC(2026, 0, 1)));
    return {
      title: `Memory, and time from registry to disk: an image of ${mebibytesOfImage} MiB`,
      meaning: [
        `The highest the kernel saw (VmHWM) in ${runs} run${runs > 1 ? 's' : ''}, each on an empty machine, and the least wall time. Code of Node itself counts, shared or`,
        'not: `node -e 0` is what nobody gets below. What Podman holds itself is not in it. Ratios: wall time over a Node that',
        'copies the same layers to files, with no hash taken and nothing verified.',
      ],
      rows: await measureRows(large, runs),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureRows(large: LargeImage, runs: number): Promise<Row[]> {
  const bare = await repeat(large, runs, bareNode);
  const check = await repeat(large, runs, ({ verb }) => verb('check'));
  const copy = await repeat(large, runs, (machine) => copyByNode(machine, large));
  const row = (job: string, { ms, peakBytes }: Pick<Ran, 'ms' | 'peakBytes'>, isOurs = false): Row => ({
    job,
    ratio: ms / copy.ms,
    measured: `${milliseconds(ms)}, ${peakBytes === undefined ? 'no /proc here' : mebibytes(peakBytes)}`,
    ...(isOurs && peakBytes !== undefined && { target: atMost(MOST_MIB, peakBytes / MIB, ' MiB') }),
  });
  const upgrade: MakeCommand = ({ verb }) => verb('upgrade');
  const rows = [
    withoutRatio(row('node -e 0', bare)),
    withoutRatio(row('`check` (all but the transfer)', check)),
    row('copied by Node', copy),
    row('`upgrade`, oci-layout', await repeat(large, runs, upgrade), true),
  ];
  if (isPodmanHere) rows.push(row('`upgrade`, Podman by load', await repeat(large, runs, upgrade, 'podman'), true));
  else rows.push({ job: '`upgrade`, Podman', measured: 'no Podman answers here' });
  const peerRows = await measurePeers(copyImage, async (peer) =>
    row(peer, await repeat(large, runs, (machine) => peerCommand(peer, copyImage, machine))),
  );
  return [...rows, ...peerRows];
}

const withoutRatio = ({ job, measured }: Row): Row => ({ job, measured });

/** Each run on a machine of its own, as the first one there: the least time, the highest peak. */
async function repeat(large: LargeImage, runs: number, make: MakeCommand, engine: EngineName = 'oci-layout') {
  const all: Ran[] = [];
  for (let run = 0; run < runs; run += 1) {
    await using machine = await createMachine({ fault: large.hook }, engine === 'podman' ? podmanEngine : undefined);
    machine.world.publish(large.image);
    all.push(await runCommand(make(machine), { watchMemory: true }));
  }
  const peaks = all.flatMap(({ peakBytes }) => peakBytes ?? []);
  return { ms: Math.min(...all.map(({ ms }) => ms)), peakBytes: peaks.length > 0 ? Math.max(...peaks) : undefined };
}

/** The layers of an image to files, by as little as Node can do it with. */
export function copyByNode(machine: Machine, { layers }: LargeImage): Command {
  const { registry, folder } = machine.world;
  const urls = layers.map((digest) => `${registry.origin}/v2/team/sandbox/blobs/${digest}`);
  const script = `
    const { get } = require('node:http'); const { pipeline } = require('node:stream/promises');
    const { createWriteStream } = require('node:fs'); const { once } = require('node:events');
    (async () => { for (const [at, url] of ${JSON.stringify(urls)}.entries()) {
      const [answer] = await once(get(url), 'response');
      await pipeline(answer, createWriteStream(${JSON.stringify(folder)} + '/copy-' + at, { flush: true }));
    } })();`;
  return machine.command(process.execPath, '-e', script);
}
