/** What the notebooks share: the command line, rows in a list, tables as text, charts as SVG. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { openEasel } from '../dist/train/report/plot.js';

/** Runs `flowlamp ARGS...` in the folder of the notebooks and gives what it wrote to standard output; throws where it failed. */
export function flowlamp(...args: readonly string[]): string {
  const run = spawnSync(process.execPath, ['../dist/cli/main.js', ...args], {
    encoding: 'utf8',
    env: { ...process.env, FORCE_COLOR: '0' },
    maxBuffer: 1 << 28,
  });
  if (run.error !== undefined) throw run.error;
  if (run.status !== 0) throw new Error(run.stderr.trim() || `flowlamp ended with ${run.signal ?? run.status}`);
  return run.stdout.trimEnd();
}

/** An empty folder of the notebook's own, relative to it. What lies there stays until the notebook runs again. */
export function workFolder(notebook: string): string {
  const folder = `work/${notebook}`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** All rows in a list: cells know `await`, but no `for await`. */
export async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

/** Rows as aligned text: numbers to the right, a column with fractions to three decimals; null as a dash. */
export function table(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const columns = names.map((name) =>
    alignedColumn(
      name,
      rows.map((row) => row[name] ?? null),
    ),
  );
  const line = (i: number) => columns.map((column) => column[i]).join('  ');
  return Array.from({ length: rows.length + 1 }, (_, i) => line(i).trimEnd()).join('\n');
}

function alignedColumn(name: string, values: readonly unknown[]): readonly string[] {
  const isNumber = values.every((value) => value === null || typeof value === 'number');
  const isWhole = values.every((value) => typeof value !== 'number' || Number.isInteger(value));
  const cells = [name, ...values.map((value) => shown(value, isWhole))];
  const width = Math.max(...cells.map((cell) => cell.length));
  return cells.map((cell) => (isNumber ? cell.padStart(width) : cell.padEnd(width)));
}

function shown(value: unknown, isWhole: boolean): string {
  if (value === null) return '-';
  if (typeof value !== 'number' || isWhole) return String(value);
  // Three decimals of thousands tell nothing.
  return value.toFixed(Math.abs(value) < 1000 ? 3 : 0);
}

/** The middle value; null of nothing. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Observable Plot as the reports use it; `draw` gives a chart as the text of an SVG that stands by itself, dark on white. */
export async function openCharts() {
  const easel = await openEasel();
  if (easel === null) throw new Error('charts need @observablehq/plot and jsdom, which npm run setup installs');
  const { Plot } = easel;
  const draw = (options: Parameters<typeof easel.draw>[0]) => {
    const { text } = easel.draw({ style: { background: 'white', color: 'black' }, ...options });
    // Jupyter shows drawings as images, and without the namespace an image is none.
    return text.replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ');
  };
  return { Plot, draw };
}

/** Colours of the two labels, told apart without red and green; both can be read on light and on dark pages. */
export const COLOURS = { domain: ['mining', 'other'], range: ['#d95f02', '#3b75af'] };
