/**
 * Columns of flows as other programs keep them: pandas has no whole numbers that may be null, polars and DuckDB count with
 * signs. What says the same in another type is turned to the type that the column has here; what does not is refused.
 */
import { type Column, type ColumnSpec, createColumn, isNull, reserveItems, type Table } from '../../core/table.ts';
import { textAt } from '../../core/text-column.ts';
import { parseTime } from '../text/cell.ts';
import { badCell, fits, isInt32 } from '../text/text-reader.ts';
import { featureNamed } from '../vector/schema.ts';

const NUMBERS: readonly ColumnSpec['type'][] = ['bool', 'uint8', 'uint16', 'uint32', 'uint53', 'float64'];

/** The type that a column has here, where its values may be turned to it; else the one that it was found with. */
function meantType({ name, type }: ColumnSpec): ColumnSpec['type'] {
  const known = featureNamed(name)?.type;
  if (known === undefined || known === type) return type;
  if (NUMBERS.includes(known) && NUMBERS.includes(type)) return known;
  if (known === 'timestamp_ns' && type === 'utf8') return known;
  const isList = known === 'list_int32' || known === 'list_float64';
  return isList && (type === 'list_int32' || type === 'list_float64') ? known : type;
}

/** The columns with the types that they have here; the list itself where they have them already. */
export function knownSpecs(specs: readonly ColumnSpec[]): readonly ColumnSpec[] {
  if (specs.every((spec) => meantType(spec) === spec.type)) return specs;
  return specs.map((spec) => ({ ...spec, type: meantType(spec) }));
}

/**
 * The rows in columns of those types.
 *
 * @param name what to call the table in errors
 * @param specs of knownSpecs
 * @throws FlowlampError NOT_A_TABLE for a value that the type cannot hold
 */
export function withKnownTypes(name: string, specs: readonly ColumnSpec[], table: Table): Table {
  if (table.specs === specs) return table;
  const columns = specs.map((spec): [string, Column] => {
    const column = table.columns.get(spec.name)!;
    return [spec.name, column.type === spec.type ? column : turned(name, spec, column, table.length)];
  });
  return { specs, columns: new Map(columns), length: table.length };
}

function turned(name: string, spec: ColumnSpec, from: Column, rows: number): Column {
  const to = createColumn(spec.type, rows) as Column;
  for (let row = 0; row < rows; row++) {
    if (isNull(from, row)) {
      if ('offsets' in to) to.offsets[row + 1] = to.offsets[row]!;
    } else turnCell(name, spec, from, to, row);
  }
  return to;
}

function turnCell(name: string, spec: ColumnSpec, from: Column, to: Column, row: number): void {
  if (from.type === 'list_int32' || from.type === 'list_float64') {
    if (to.type !== 'list_int32' && to.type !== 'list_float64') return;
    const items = from.items.subarray(from.offsets[row], from.offsets[row + 1]);
    if (to.type === 'list_int32' && !items.every(isInt32)) badCell(name, spec, [...items.subarray(0, 20)]);
    const start = reserveItems(to, row, items.length);
    to.items.set(items, start);
    to.offsets[row + 1] = start + items.length;
    to.valid[row] = 1;
  } else if (to.type === 'timestamp_ns') {
    if (from.type !== 'utf8') return;
    const text = textAt(from, row)!;
    to.values[row] = parseTime(text) ?? badCell(name, spec, text);
    to.valid[row] = 1;
  } else if ('values' in to && to.type !== 'findings') {
    const value = (from as typeof to).values[row]!;
    if (!fits(value, to.type)) badCell(name, spec, value);
    to.values[row] = value;
    to.valid[row] = 1;
  }
}
