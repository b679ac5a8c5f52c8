import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atMost, mebibytes, type Row, type Table } from './figures.ts';
import { createLargeImage } from './large-image.ts';
import { createMachine } from './machine.ts';
import { runCommand } from './run-command.ts';

const MIB = 1024 ** 2;
const MOST_MIB = 160;

/** What writing and reading one hold in memory, for images of these sizes: it must not grow. */
export async function measureArchiveMemory(sizes: readonly number[]): Promise<Table> {
  const rows: Row[] = [];
  for (const size of sizes) {
    const folder = await mkdtemp(join(tmpdir(), 'dangerzone-image-bench-'));
    try {
      const large = await createLargeImage(folder, size * MIB, new Date(Date.UTC(2026, 0, 1)));
      await using machine = await createMachine({ fault: large.hook });
      machine.world.publish(large.image);
      const file = join(machine.world.folder, 'archive.tar');
      for (const words of [
        ['prepare-archive', '--output', file],
        ['load-archive', file],
      ] as const) {
        const { ms, peakBytes = 0 } = await runCommand(machine.verb(...words), { watchMemory: true });
        const measured = `${mebibytes(peakBytes)}, ${(ms / 1000).toFixed(1)} s`;
        rows.push({ job: `${words[0]}, ${size} MiB`, measured, target: atMost(MOST_MIB, peakBytes / MIB, ' MiB') });
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  return {
    title: 'Archives: memory',
    meaning: [
      'The highest the kernel saw (VmHWM), in one run each: from a registry to a file, and from that to an OCI layout.',
    ],
    rows,
  };
}
