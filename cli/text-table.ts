/** Aligned columns of text for people. */
import { printable } from '../core/visible.ts';

export type Alignment = 'left' | 'right';

/** The rows under their headings, two blanks between columns, cells longer than `most` cut with an ellipsis. */
export function textTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  alignments: readonly Alignment[] = [],
  most = 40,
): string {
  const cells = [headings, ...rows].map((row) => row.map((cell) => shortened(printable(cell), most)));
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  return cells.map((row) => alignedLine(row, widths, alignments)).join('\n');
}

function alignedLine(row: readonly string[], widths: readonly number[], alignments: readonly Alignment[]): string {
  return row
    .map((cell, column) => {
      const width = widths[column]!;
      return alignments[column] === 'right' ? cell.padStart(width) : cell.padEnd(width);
    })
    .join('  ')
    .trimEnd();
}

function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
