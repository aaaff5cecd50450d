/** Times a piece of work: warmed up, repeated, reported as least, median and spread. */
export interface Timing {
  /** Milliseconds per run. */
  readonly min: number;
  readonly median: number;
  /** (90th percentile - median) / median. */
  readonly spread: number;
}

export interface TimeOptions {
  readonly warmups?: number;
  readonly runs?: number;
}

export async function time(work: () => unknown, { warmups = 3, runs = 15 }: TimeOptions = {}): Promise<Timing> {
  for (let i = 0; i < warmups; i++) await work();
  const samples: number[] = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await work();
    samples.push(performance.now() - start);
  }
  samples.sort((a, b) => a - b);
  const at = (share: number) => samples[Math.min(runs - 1, Math.floor(share * runs))]!;
  return { min: samples[0]!, median: at(0.5), spread: (at(0.9) - at(0.5)) / at(0.5) };
}

/** One aligned line per row, the first being the heads. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows) {
    console.log(row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '));
  }
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
