import { LIMITS } from '../../core/limits.ts';

/** Cells of one table while it is read: those of 8,192 rows with all columns that the extractor makes, and some. */
const BATCH_CELLS = 1 << 22;

/** Rows of a batch of so many columns: fewer where columns are many, for each takes room in every row. */
export function batchRows(columns: number): number {
  return Math.min(LIMITS.batchRows, Math.max(1, Math.floor(BATCH_CELLS / Math.max(1, columns))));
}
