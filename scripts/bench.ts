// `npm run bench`: how fast, how much, how often, beside what it is compared with. Figures are printed, never asserted.
import { availableParallelism } from 'node:os';
import { measureAddedRoundTrips } from './bench/added-round-trips.ts';
import { printTable, type Table } from './bench/figures.ts';
import { measureNoNews } from './bench/no-news.ts';
import { measureStartUp } from './bench/start-up.ts';
import { measureVerifications } from './bench/verifications.ts';

const isFull = process.argv.includes('--full');
const measurements: readonly (() => Promise<Table>)[] = [
  measureStartUp,
  measureVerifications,
  measureNoNews,
  measureAddedRoundTrips,
];

const begin = performance.now();
console.log(
  `Node ${process.version}, ${process.platform}-${process.arch}, ${availableParallelism()} cores, ${isFull ? 'full' : 'short'} run`,
);
console.log('Medians of interleaved rounds. Ratios are what travels; the absolute figures are this machine’s.');
const verdicts = { met: 0, missed: 0 };
for (const measure of measurements) {
  try {
    const table = await measure();
    printTable(table);
    for (const { target } of table.rows) if (target) verdicts[target.isMet ? 'met' : 'missed'] += 1;
  } catch (error) {
    console.error(`\n${measure.name} did not run:`, error);
    process.exitCode = 1;
  }
}
const seconds = ((performance.now() - begin) / 1000).toFixed(0);
console.log(`\nTargets: ${verdicts.met} met, ${verdicts.missed} missed. ${seconds} s.`);
