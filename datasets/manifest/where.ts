/**
 * Rules on columns: the seam to the expression language of `--filter` (features/rows/filter.ts). Nothing else in
 * manifests knows how expressions are written or judged.
 */
import type { Table } from '../../core/table.ts';
import { parseFilter } from '../../features/rows/filter.ts';
import { COLUMNS } from '../../features/vector/schema.ts';

export interface Condition {
  /** Names of the columns that it reads. */
  readonly columns: readonly string[];
  /** Prepared for a batch: whether a row fits. */
  readonly on: (table: Table) => (row: number) => boolean;
}

/** @throws FlowlampError with the place in the expression and what was expected there */
export function conditionOf(expression: string): Condition {
  const filter = parseFilter(withContains(expression));
  return { columns: [...filter.columns], on: filter.compile(COLUMNS) };
}

/** `~` outside of quotes is another way to write `contains`: sni ~ "pool". */
function withContains(expression: string): string {
  return expression.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|~/g, (part) => (part === '~' ? ' contains ' : part));
}
