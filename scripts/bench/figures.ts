/** One line of a table: what ran, what came out, and how that compares. */
export interface Row {
  readonly job: string;
  readonly measured: string;
  /** To what the table says it is compared with. */
  readonly ratio?: number;
  readonly target?: Target;
}

export interface Target {
  readonly text: string;
  readonly isMet: boolean;
}

/** One measured thing. */
export interface Table {
  readonly title: string;
  /** What the numbers mean: a sentence each. */
  readonly meaning: readonly string[];
  readonly rows: readonly Row[];
}

export function atMost(limit: number, value: number, unit = '×'): Target {
  return { text: `≤ ${limit}${unit}`, isMet: value <= limit };
}

export function atLeast(limit: number, value: number, unit: string): Target {
  return { text: `≥ ${limit.toLocaleString('en')}${unit}`, isMet: value >= limit };
}

export function milliseconds(ms: number): string {
  return ms < 10_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(0)} MiB`;
}

export function printTable({ title, meaning, rows }: Table): void {
  const heading = ['', 'ratio', 'measured', 'target', ''];
  const lines = rows.map(({ job, ratio, measured, target }) => [
    job,
    ratio === undefined ? '' : `${ratio.toFixed(2)}×`,
    measured,
    target?.text ?? '',
    target === undefined ? '' : target.isMet ? 'met' : 'missed',
  ]);
  const cells = [heading, ...lines];
  const widths = heading.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  console.log(`\n── ${title}\n`);
  for (const sentence of meaning) console.log(`   ${sentence}`);
  console.log('');
  for (const line of cells) {
    const text = line.map((cell, column) => cell[column === 1 ? 'padStart' : 'padEnd'](widths[column] ?? 0));
    console.log(`   ${text.join('   ').trimEnd()}`);
  }
}
