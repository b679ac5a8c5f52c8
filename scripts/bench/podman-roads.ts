import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createVerifiedStream, hostPlatform, ociTar } from '../../packages/core/dist/index.js';
import { openRegistry } from '../../packages/core/dist/registry/index.js';
import { verifiedTestImage } from '../../packages/core/dist/testing/index.js';
import { mebibytes, type Row, type Table } from './figures.ts';
import { describeTimes, interleave } from './interleave.ts';
import { createLargeImage, type LargeImage } from './large-image.ts';
import { createMachine, type Machine } from './machine.ts';
import { emptyStore, isPodmanHere, listPodmanCalls, podmanEngine, podmanWords } from './podman-engine.ts';
import { type Command, runCommand } from './run-command.ts';

/** Which road into Podman is the shorter one, and what Podman alone takes for the same image. */
export async function measurePodmanRoads(mebibytesOfImage: number, rounds: number): Promise<Table> {
  const title = `Roads into Podman: an image of ${mebibytesOfImage} MiB`;
  if (!isPodmanHere) return { title, meaning: [], rows: [{ job: 'all', measured: 'no Podman answers here' }] };
  const folder = await mkdtemp(join(tmpdir(), 'dangerzone-image-bench-'));
  try {
    const large = await createLargeImage(folder, mebibytesOfImage * 1024 ** 2, new Date(Date.UTC(2026, 0, 1)));
    return {
      title,
      meaning: [
        'Whole commands, each into an empty store; ratios are to `podman pull` of the same digest, which verifies no signature.',
        '`podman load` gets an archive that lies there already: what it takes is on top of fetching it. The registry is on',
        'loopback, so the network costs next to nothing: on a real line both roads wait for the same bytes first.',
      ],
      rows: await timeRoads(large, join(folder, 'archive.tar'), rounds),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function timeRoads(large: LargeImage, archive: string, rounds: number): Promise<Row[]> {
  const fault = large.hook;
  await using machine = await createMachine({ fault }, podmanEngine);
  const { digest } = machine.world.publish(large.image);
  await writeArchive(machine, large, archive);
  const podman = podmanWords(machine.world.layout);
  const reference = `${machine.world.image}@${digest}`;
  const into = (command: Command) => async () => {
    await rm(machine.world.state, { recursive: true, force: true });
    await emptyStore(machine.world.layout);
    return (await runCommand(command)).ms;
  };
  const samples = await interleave<string>(
    {
      'podman pull': into(machine.command(...podman, 'pull', '--quiet', '--tls-verify=false', reference)),
      'podman load < archive': into({ ...machine.command(...podman, 'load', '--quiet'), input: archive }),
      '`upgrade --via load`': into(machine.verb('upgrade', '--via', 'load')),
      '`upgrade --via pull`': into(machine.verb('upgrade', '--via', 'pull')),
    },
    rounds,
    0,
  );
  const bare = samples['podman pull'];
  if (!bare) throw new TypeError('podman pull was not measured');
  const rows = Object.entries(samples).map(([job, sample]) => ({
    job,
    ratio: sample.least / bare.least,
    measured: `${describeTimes(sample)}: ${mebibytes(large.size / (sample.least / 1000))}/s`,
  }));
  await emptyStore(machine.world.layout);
  await rm(machine.world.state, { recursive: true, force: true });
  const calls = Map.groupBy(await listPodmanCalls(machine, 'upgrade'), (verb) => verb);
  const counted = [...calls].map(([verb, times]) => `${times.length} × ${verb}`).join(', ');
  return [...rows, { job: 'Podman’s verbs in one upgrade', measured: counted }];
}

/** What our load road would send to Podman, as a file. */
async function writeArchive({ world }: Machine, { image }: LargeImage, archive: string): Promise<void> {
  const verified = verifiedTestImage(image, world.image, hostPlatform(), world.signer);
  const source = openRegistry({ origin: new URL(world.registry.origin) });
  const stream = createVerifiedStream(verified, source, 'team/sandbox');
  await pipeline(() => ociTar(stream, `${world.image}:latest`), createWriteStream(archive));
}
