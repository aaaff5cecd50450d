/** How values get into columns: a value makes its row valid; a row that is not put is null. */
import type { ListColumn, ScalarColumn } from '../../core/table.ts';

export type NumberColumn = ScalarColumn<'bool' | 'uint8' | 'uint16' | 'uint32' | 'uint53' | 'float64'>;

export function put(column: NumberColumn, row: number, value: number): void {
  column.values[row] = value;
  column.valid[row] = 1;
}

export function putBool(column: ScalarColumn<'bool'>, row: number, value: boolean): void {
  put(column, row, value ? 1 : 0);
}

/** Ends the row's list at `end`, which counts the items of all rows so far, and makes it valid. */
export function putListEnd(column: ListColumn, row: number, end: number): void {
  column.offsets[row + 1] = end;
  column.valid[row] = 1;
}
