import { milliseconds } from './figures.ts';

/** Takes one measurement, in whatever unit the caller compares. */
export type Job = () => Promise<number>;

/** What several rounds gave. What disturbs a machine only ever adds to a time: the least is nearest to the work itself. */
export interface Samples {
  readonly least: number;
  readonly median: number;
}

/** Runs each job once per round, in turn, each round beginning with another one. One warming round does not count. */
export async function interleave<Name extends string>(
  jobs: Readonly<Record<Name, Job>>,
  rounds: number,
  warming = 1,
): Promise<Readonly<Record<Name, Samples>>> {
  const names = Object.keys(jobs) as Name[];
  const values = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -warming; round < rounds; round += 1) {
    const first = Math.max(round, 0) % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const value = await jobs[name]();
      if (round >= 0) values[name].push(value);
    }
  }
  return Object.fromEntries(names.map((name) => [name, samplesOf(values[name])])) as Record<Name, Samples>;
}

/** For the table: how far the median is from the least tells how quiet the machine was. */
export function describeTimes({ least, median }: Samples): string {
  return `${milliseconds(least)}, median ${milliseconds(median)}`;
}

function samplesOf(values: readonly number[]): Samples {
  const sorted = [...values].sort((one, other) => one - other);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return { least: Math.min(...values), median: ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2 };
}
