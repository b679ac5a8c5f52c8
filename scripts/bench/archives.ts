import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atMost, mebibytes, type Row, type Table } from './figures.ts';
import { describeTimes, interleave } from './interleave.ts';
import { createLargeImage, type LargeImage } from './large-image.ts';
import { createMachine } from './machine.ts';
import { copyByNode } from './memory.ts';
import { archiveImage, measurePeers, peerCommand } from './peers.ts';
import { emptyStore, isPodmanHere, podmanEngine, podmanWords } from './podman-engine.ts';
import { type Command, runCommand } from './run-command.ts';

const MIB = 1024 ** 2;
const MOST_MIB = 160;

/** From a registry to one file, and from that file into Podman, beside what others take for the same. */
export async function measureArchives(mebibytesOfImage: number, layers: number, rounds: number): Promise<Table> {
  const folder = await mkdtemp(join(tmpdir(), 'dangerzone-image-bench-'));
  try {
    const created = new Date(Date.UTC(2026, 0, 1));
    const large = await createLargeImage(folder, mebibytesOfImage * MIB, created, layers);
    return {
      title: `Archives: an image of ${mebibytesOfImage} MiB, layers: ${layers}`,
      meaning: [
        'From the registry to a file: ratios are to a Node that copies the layers to files, with no hash taken and nothing',
        'verified; ours verifies all of it. Into Podman: ratios are to `podman load -i` of the same file, which verifies nothing.',
        'Each run begins with no file, or an empty store. Memory is the highest of all runs.',
      ],
      rows: [...(await timeWriting(large, rounds)), ...(await timeLoading(large, rounds))],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A command as a sample; `peaks` gets what it held in memory. */
const sample =
  (command: Command, prepare: () => Promise<unknown>, peaks: number[] = []) =>
  async (): Promise<number> => {
    await prepare();
    const { ms, peakBytes } = await runCommand(command, { watchMemory: true });
    if (peakBytes !== undefined) peaks.push(peakBytes);
    return ms;
  };

async function timeWriting(large: LargeImage, rounds: number): Promise<Row[]> {
  await using machine = await createMachine({ fault: large.hook });
  machine.world.publish(large.image);
  const file = join(machine.world.folder, 'archive.tar');
  const clear = () => rm(join(machine.world.folder, 'copy'), { recursive: true, force: true });
  const peaks: number[] = [];
  const jobs = {
    'copied by Node': sample(copyByNode(machine, large), clear),
    'prepare-archive': sample(
      machine.verb('prepare-archive', '--output', file),
      () => rm(file, { force: true }),
      peaks,
    ),
  };
  const samples = await interleave<string>(jobs, rounds, 0);
  const bare = samples['copied by Node']?.least ?? Number.NaN;
  const rows = Object.entries(samples).map(([job, times]) => ({
    job,
    ratio: times.least / bare,
    measured: describeTimes(times),
  }));
  const peerRows = await measurePeers(archiveImage, async (peer) => {
    const taken = await interleave<string>(
      { [peer]: sample(peerCommand(peer, archiveImage, machine), clear) },
      rounds,
      0,
    );
    const times = taken[peer];
    return { job: peer, ratio: (times?.least ?? Number.NaN) / bare, measured: times ? describeTimes(times) : '' };
  });
  return [...rows, peakRow('prepare-archive: peak', peaks), ...peerRows];
}

async function timeLoading(large: LargeImage, rounds: number): Promise<Row[]> {
  if (!isPodmanHere) return [{ job: 'load-archive', measured: 'no Podman answers here' }];
  await using machine = await createMachine({ fault: large.hook }, podmanEngine);
  const { world } = machine;
  world.publish(large.image);
  const file = join(world.folder, 'archive.tar');
  await runCommand(machine.verb('prepare-archive', '--output', file));
  const anew = async () => {
    await rm(world.state, { recursive: true, force: true });
    await emptyStore(world.layout);
  };
  const peaks: number[] = [];
  const samples = await interleave<string>(
    {
      'podman load -i': sample(machine.command(...podmanWords(world.layout), 'load', '--quiet', '-i', file), anew),
      'load-archive': sample(machine.verb('load-archive', file), anew, peaks),
    },
    rounds,
    0,
  );
  const bare = samples['podman load -i']?.least ?? Number.NaN;
  const rows = Object.entries(samples).map(([job, times]) => ({
    job,
    ratio: times.least / bare,
    measured: describeTimes(times),
    ...(job === 'load-archive' && { target: atMost(1, times.least / bare) }),
  }));
  return [...rows, peakRow('load-archive: peak', peaks)];
}

function peakRow(job: string, peaks: readonly number[]): Row {
  if (peaks.length === 0) return { job, measured: 'no /proc here' };
  const highest = Math.max(...peaks);
  return { job, measured: mebibytes(highest), target: atMost(MOST_MIB, highest / MIB, ' MiB') };
}
