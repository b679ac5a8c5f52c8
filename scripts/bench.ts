// `npm run bench`: how fast, how much, how often, beside what it is compared with. Figures are printed, never asserted.
import { availableParallelism, loadavg } from 'node:os';
import { measureAddedRoundTrips } from './bench/added-round-trips.ts';
import { measureArchiveMemory } from './bench/archive-memory.ts';
import { measureArchives } from './bench/archives.ts';
import { measureAttestProvenance } from './bench/attest-provenance.ts';
import { measureBundles } from './bench/bundles.ts';
import { printTable, type Table } from './bench/figures.ts';
import { measureMemory } from './bench/memory.ts';
import { measureNoNews } from './bench/no-news.ts';
import { measurePodmanRoads } from './bench/podman-roads.ts';
import { measureStartUp } from './bench/start-up.ts';
import { measureVerifications } from './bench/verifications.ts';
import { measureVerifyLocal } from './bench/verify-local.ts';

const isFull = process.argv.includes('--full');
const measurements: readonly (readonly [string, () => Promise<Table>])[] = [
  ['start-up', measureStartUp],
  ['verifications', measureVerifications],
  ['bundles', measureBundles],
  ['verify-local', measureVerifyLocal],
  ['attest-provenance', measureAttestProvenance],
  ['no news', measureNoNews],
  ['round trips', measureAddedRoundTrips],
  ['memory, 100 MiB', () => measureMemory(100, 2)],
  ...(isFull
    ? ([
        ['memory, 2 GiB', () => measureMemory(2048, 1)],
        ['roads into Podman', () => measurePodmanRoads(2048, 2)],
        ['archives, 1 layer', () => measureArchives(1024, 1, 2)],
        ['archives, 20 layers', () => measureArchives(1024, 20, 2)],
        ['archives, memory', () => measureArchiveMemory([100, 1024, 5120])],
      ] as const)
    : []),
];

const begin = performance.now();
console.log(
  `Node ${process.version}, ${process.platform}-${process.arch}, ${availableParallelism()} cores, ${isFull ? 'full' : 'short'} run`,
);
console.log(
  'Least of interleaved rounds, and the median beside it. Ratios travel; absolute figures are this machine’s, at this hour.',
);
const [load = 0] = loadavg();
if (load > availableParallelism() / 2)
  console.log(
    `This machine is busy (load ${load.toFixed(1)}): wall times and their ratios will be worse than they are.`,
  );
const verdicts = { met: 0, missed: 0 };
for (const [name, measure] of measurements) {
  try {
    const table = await measure();
    printTable(table);
    for (const { target } of table.rows) if (target) verdicts[target.isMet ? 'met' : 'missed'] += 1;
  } catch (error) {
    console.error(`\n${name} did not run:`, error);
    process.exitCode = 1;
  }
}
const seconds = ((performance.now() - begin) / 1000).toFixed(0);
console.log(`\nTargets: ${verdicts.met} met, ${verdicts.missed} missed. ${seconds} s.`);
