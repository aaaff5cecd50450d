/** Aligned columns that fit a terminal: what does not is first narrowed, then left out column by column. */
import { printable } from '../core/visible.ts';
import { coloured, type Palette, type Role } from './colours.ts';
import { displayWidth, paddedTo, shortenedBefore, shortenedTo } from './display-width.ts';

export interface FittedColumn {
  readonly heading: string;
  readonly alignment: 'left' | 'right';
  /** Cells that it takes at least; columns without it are never narrowed. */
  readonly least?: number;
  /** Of a cell that is too long, what matches this at its end stays. */
  readonly tail?: RegExp;
  /** Columns are left out in this order, the lowest first; those without it never. */
  readonly dropped?: number;
}

export interface FittedRow {
  readonly cells: readonly string[];
  readonly role: Role;
  /** Columns in the colour of the role; others stay as they are. */
  readonly coloured: ReadonlySet<number>;
  /** A line of its own below the row. */
  readonly note?: string;
}

/** No cell is wider, however wide the terminal. */
const WIDEST = 45;
const GAP = '  ';

/** @param most cells of a line; none is longer, unless the columns that are never left out need more */
export function fittedTable(
  columns: readonly FittedColumn[],
  rows: readonly FittedRow[],
  most: number,
  palette: Palette,
): string {
  const shown = rows.map((row) => ({
    ...row,
    cells: row.cells.map((cell, i) => shortenedCell(printable(cell), columns[i]!, WIDEST)),
  }));
  const natural = columns.map(({ heading }, i) =>
    Math.max(heading.length, ...shown.map(({ cells }) => displayWidth(cells[i]!))),
  );
  const widths = fittedWidths(columns, natural, most);
  const headings = columns.map(({ heading }) => heading);
  const all = new Set(columns.keys());
  const heading: FittedRow = { cells: headings, role: 'heading', coloured: all };
  return [heading, ...shown].map((row) => lineOf(columns, widths, row, most, palette)).join('\n');
}

/** The width of each column, 0 where it is left out. */
export function fittedWidths(
  columns: readonly FittedColumn[],
  natural: readonly number[],
  most: number,
): readonly number[] {
  const widths = [...natural];
  const total = () => {
    const kept = widths.filter((width) => width > 0);
    return kept.reduce((sum, width) => sum + width, 0) + GAP.length * (kept.length - 1);
  };
  const narrow = () => {
    for (;;) {
      const excess = total() - most;
      if (excess <= 0) return;
      const can = columns.flatMap(({ least }, i) => (least !== undefined && widths[i]! > least ? [i] : []));
      if (can.length === 0) return;
      const widest = can.reduce((a, b) => (widths[b]! > widths[a]! ? b : a));
      widths[widest]!--;
    }
  };
  narrow();
  const inOrder = [...columns.keys()]
    .filter((i) => columns[i]!.dropped !== undefined)
    .sort((a, b) => columns[a]!.dropped! - columns[b]!.dropped!);
  for (const next of inOrder) {
    if (total() <= most) break;
    // What was narrowed for a column that goes may be as wide again.
    for (const i of columns.keys()) if (widths[i]! > 0) widths[i] = natural[i]!;
    widths[next] = 0;
    narrow();
  }
  return widths;
}

function lineOf(
  columns: readonly FittedColumn[],
  widths: readonly number[],
  { cells, role, coloured: inColour, note }: FittedRow,
  most: number,
  palette: Palette,
): string {
  const kept = [...columns.keys()].filter((i) => widths[i]! > 0);
  const last = kept.at(-1);
  const line = kept
    .map((i) => {
      const cell = shortenedCell(cells[i]!, columns[i]!, widths[i]!);
      const text = paddedTo(cell, widths[i]!, columns[i]!.alignment);
      return coloured(i === last ? text.trimEnd() : text, inColour.has(i) ? role : undefined, palette);
    })
    .join(GAP);
  return note === undefined ? line : `${line}\n${shortenedTo(`    ${printable(note)}`, Math.min(most, 160))}`;
}

function shortenedCell(cell: string, { tail }: FittedColumn, most: number): string {
  return shortenedBefore(cell, tail?.exec(cell)?.[0] ?? '', most);
}
