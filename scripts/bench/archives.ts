import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEngine, usualEngine } from '../../packages/runtime-docker/src/docker.test-support.ts';
import { socketOf } from '../../test/src/docker-engines.ts';
import type { Engine } from '../../test/src/world.ts';
import { atMost, mebibytes, type Row, type Table } from './figures.ts';
import { describeTimes, interleave, type Samples } from './interleave.ts';
import { createLargeImage, type LargeImage } from './large-image.ts';
import { createMachine, type Machine } from './machine.ts';
import { copyByNode } from './memory.ts';
import { archiveImage, measurePeers, peerCommand } from './peers.ts';
import { emptyStore, isPodmanHere, podmanEngine, podmanWords } from './podman-engine.ts';
import { type Command, runCommand } from './run-command.ts';
import { settleDisk } from './settle-disk.ts';
import { watchFolder } from './watch-folder.ts';

const MIB = 1024 ** 2;
const MOST_MIB = 160;
const MOST_OVER_CRANE = 1.1;
const MOST_OVER_SKOPEO = 0.5;
const MOST_OVER_PODMAN = 1;
const MOST_OVER_DOCKER = 1.05;

/** From a registry to one file, and from that file into engines, beside what others take for the same. */
export async function measureArchives(mebibytesOfImage: number, layers: number, rounds: number): Promise<Table> {
  const folder = await mkdtemp(join(tmpdir(), 'dangerzone-image-bench-'));
  try {
    const created = new Date(Date.UTC(2026, 0, 1));
    const large = await createLargeImage(folder, mebibytesOfImage * MIB, created, layers);
    return {
      title: `Archives: an image of ${mebibytesOfImage} MiB, layers: ${layers}`,
      meaning: [
        'Ratios say how long ours takes over the other program, which verifies nothing; ours verifies all of it, and what it',
        'writes is on the disk when it ends. Each run begins with no file, or an empty store, and a disk that has nothing left',
        'to write. Memory is the highest of all runs, "temporary" the most that lay in the folder for temporary files at any',
        'moment, whoever put it there.',
      ],
      rows: [
        ...(await timeWriting(large, rounds)),
        ...(await timePodman(large, rounds)),
        ...(await timeDocker(large, rounds)),
      ],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the runs of one command came to. */
interface Seen {
  peak: number;
  temporary: number;
}

/** A command as a sample, with a folder for temporary files of its own. */
const sample =
  (machine: Machine, command: Command, prepare: () => Promise<unknown>, seen: Seen = { peak: 0, temporary: 0 }) =>
  async (): Promise<number> => {
    await prepare();
    const TMPDIR = join(machine.world.folder, 'temporary');
    await rm(TMPDIR, { recursive: true, force: true });
    await mkdir(TMPDIR);
    await settleDisk();
    const watched = watchFolder(TMPDIR);
    const { ms, peakBytes = 0 } = await runCommand(
      { ...command, env: { ...command.env, TMPDIR } },
      { watchMemory: true },
    );
    seen.temporary = Math.max(seen.temporary, watched.end());
    seen.peak = Math.max(seen.peak, peakBytes);
    return ms;
  };

async function timeWriting(large: LargeImage, rounds: number): Promise<Row[]> {
  await using machine = await createMachine({ fault: large.hook });
  machine.world.publish(large.image);
  const file = join(machine.world.folder, 'archive.tar');
  const clear = () => rm(join(machine.world.folder, 'copy'), { recursive: true, force: true });
  const clearFile = () => rm(file, { force: true });
  const seen: Seen = { peak: 0, temporary: 0 };
  const ours = sample(machine, machine.verb('prepare-archive', '--output', file), clearFile, seen);
  /** Both in turn, so that what disturbs the machine disturbs both. */
  const beside = async (job: string, other: Command): Promise<Row & { readonly ratio: number }> => {
    const samples = await interleave<string>({ [job]: sample(machine, other, clear), ours }, rounds, 0);
    return besideRow('prepare-archive', job, samples);
  };
  const rows: Row[] = [await beside('copied by Node', copyByNode(machine, large))];
  const targets = { crane: MOST_OVER_CRANE, skopeo: MOST_OVER_SKOPEO } as const;
  const peerRows = await measurePeers(archiveImage, async (peer) => {
    const row = await beside(peer, peerCommand(peer, archiveImage, machine));
    return { ...row, ...(peer in targets && { target: atMost(targets[peer as keyof typeof targets], row.ratio) }) };
  });
  const syncedRows = await measurePeers({ crane: archiveImage.crane }, async (peer) =>
    beside(`${peer} and sync`, synced(peerCommand(peer, archiveImage, machine), join(machine.world.folder, 'copy'))),
  );
  return [...rows, ...peerRows, ...syncedRows, ...seenRows('prepare-archive', seen)];
}

/** The same until what it wrote is on the disk, as ours is when it ends. */
function synced({ words, ...command }: Command, file: string): Command {
  return { ...command, words: ['sh', '-c', '"$@" && sync "$0"', file, ...words] };
}

async function timePodman(large: LargeImage, rounds: number): Promise<Row[]> {
  if (!isPodmanHere) return [{ job: 'load-archive, Podman', measured: 'no Podman answers here' }];
  return timeLoading(large, rounds, {
    engine: podmanEngine,
    other: (machine, file) => machine.command(...podmanWords(machine.world.layout), 'load', '--quiet', '-i', file),
    names: ['load-archive, Podman', 'podman load -i'],
    most: MOST_OVER_PODMAN,
    empty: ({ world }) => emptyStore(world.layout),
  });
}

async function timeDocker(large: LargeImage, rounds: number): Promise<Row[]> {
  if (!usualEngine) return [{ job: 'load-archive, Docker', measured: 'no dockerd that can be started here' }];
  await using running = await startEngine(usualEngine);
  return await timeLoading(large, rounds, {
    engine: { name: 'docker', options: () => socketOf(running) },
    other: (machine, file) =>
      machine.command('docker', '--host', socketOf(running).host, 'load', '--quiet', '-i', file),
    names: ['load-archive, Docker', 'docker load -i'],
    most: MOST_OVER_DOCKER,
    empty: running.clean,
  });
}

interface Loading {
  readonly engine: Engine;
  readonly other: (machine: Machine, file: string) => Command;
  readonly names: readonly [ours: string, other: string];
  readonly most: number;
  readonly empty: (machine: Machine) => Promise<unknown>;
}

async function timeLoading(large: LargeImage, rounds: number, loading: Loading): Promise<Row[]> {
  const [ours, job] = loading.names;
  await using machine = await createMachine({ fault: large.hook }, loading.engine);
  const { world } = machine;
  world.publish(large.image);
  const file = join(world.folder, 'archive.tar');
  await runCommand(machine.verb('prepare-archive', '--output', file));
  const anew = async () => {
    await rm(world.state, { recursive: true, force: true });
    await loading.empty(machine);
  };
  const [seen, seenOther]: Seen[] = [
    { peak: 0, temporary: 0 },
    { peak: 0, temporary: 0 },
  ];
  const samples = await interleave<string>(
    {
      [job]: sample(machine, loading.other(machine, file), anew, seenOther),
      ours: sample(machine, machine.verb('load-archive', file), anew, seen),
    },
    rounds,
    0,
  );
  await anew();
  const row = besideRow(ours, job, samples);
  const others = seenOther ? [{ job: `${job}: temporary`, measured: mebibytes(seenOther.temporary) }] : [];
  return [{ ...row, target: atMost(loading.most, row.ratio) }, ...(seen ? seenRows(ours, seen) : []), ...others];
}

function besideRow(ours: string, job: string, samples: Readonly<Record<string, Samples>>) {
  const [other, own] = [samples[job], samples.ours];
  if (!other || !own) throw new TypeError(`${job} was not measured`);
  return {
    job: `${ours} over ${job}`,
    ratio: own.least / other.least,
    measured: `${describeTimes(own)}, over ${describeTimes(other)}`,
  };
}

function seenRows(job: string, { peak, temporary }: Seen): Row[] {
  if (peak === 0) return [{ job, measured: 'no /proc here' }];
  return [
    { job: `${job}: peak`, measured: mebibytes(peak), target: atMost(MOST_MIB, peak / MIB, ' MiB') },
    { job: `${job}: temporary`, measured: mebibytes(temporary) },
  ];
}
