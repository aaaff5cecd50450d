/** What holds of every row, whatever bytes it was made of. */

import { type Column, isNull, type Table } from '../../core/table.ts';
import { type TextColumn, textsOf } from '../../core/text-column.ts';
import type { FeatureSpec } from '../../features/vector/spec.ts';

export class RowCheck {
  /** Packets of the rows that ended a flow. */
  packets = 0;
  rows = 0;

  /** @throws Error naming the column and the value that cannot be */
  batch(table: Table): void {
    for (const spec of table.specs as readonly FeatureSpec[]) checkColumn(spec, table.columns.get(spec.name)!, table);
    const kinds = textsOf(table.columns.get('row_kind') as TextColumn, table.length);
    const forward = values<number>(table, 'fwd_packets');
    const backward = values<number>(table, 'bwd_packets');
    const first = values<bigint>(table, 'first_seen');
    const last = values<bigint>(table, 'last_seen');
    for (let row = 0; row < table.length; row++) {
      if (kinds[row] === 'end') this.packets += forward[row]! + backward[row]!;
      if (first[row]! > last[row]!) throw new Error(`row ${row} is last seen before it is first seen`);
    }
    this.rows += table.length;
    checkSequence(table);
  }
}

function values<T>(table: Table, name: string): ArrayLike<T> {
  return (table.columns.get(name) as unknown as { values: ArrayLike<T> }).values;
}

function checkColumn(spec: FeatureSpec, column: Column, { length }: Table): void {
  for (let row = 0; row < length; row++) {
    if (isNull(column, row)) {
      if (spec.nulls === '') throw new Error(`${spec.name} is null, which it never is`);
      continue;
    }
    const bad = badValue(column, row, MAY_BE_NEGATIVE.includes(spec.name));
    if (bad !== null) throw new Error(`${spec.name} is ${bad}`);
  }
}

/** Whoever writes a certificate chooses its times. */
const MAY_BE_NEGATIVE: readonly string[] = ['cert_not_before', 'cert_not_after', 'cert_validity_days'];

function badValue(column: Column, row: number, mayBeNegative: boolean): string | null {
  switch (column.type) {
    case 'float64':
    case 'uint53': {
      const value = column.values[row]!;
      const isWhole = column.type === 'float64' || Number.isSafeInteger(value);
      return Number.isFinite(value) && (value >= 0 || mayBeNegative) && isWhole ? null : String(value);
    }
    case 'bool':
      return column.values[row]! <= 1 ? null : String(column.values[row]);
    case 'timestamp_ns':
      return column.values[row]! >= 0n ? null : String(column.values[row]);
    case 'list_int32':
    case 'list_float64': {
      const [start, end] = [column.offsets[row]!, column.offsets[row + 1]!];
      if (start < 0 || end < start || end > column.items.length) return `a list from ${start} to ${end}`;
      for (let i = start; i < end; i++) if (!Number.isFinite(column.items[i]!)) return `a list with ${column.items[i]}`;
      return null;
    }
    case 'list_utf8': {
      const { offsets, itemOffsets, bytes } = column;
      const [start, end] = [offsets[row]!, offsets[row + 1]!];
      if (start < 0 || end < start || end >= itemOffsets.length) return `a list from ${start} to ${end}`;
      for (let item = start; item < end; item++) {
        const [from, to] = [itemOffsets[item]!, itemOffsets[item + 1]!];
        if (from < 0 || to < from || to > bytes.length) return `a text from ${from} to ${to}`;
      }
      return null;
    }
    default:
      return null;
  }
}

/** Payload sizes lie, by side, between the least and the greatest of the flow. */
function checkSequence(table: Table): void {
  const sizes = table.columns.get('payload_sizes') as Extract<Column, { type: 'list_int32' }>;
  const most = [values<number>(table, 'fwd_payload_size_max'), values<number>(table, 'bwd_payload_size_max')] as const;
  for (let row = 0; row < table.length; row++) {
    for (let i = sizes.offsets[row]!; i < sizes.offsets[row + 1]!; i++) {
      const size = sizes.items[i]!;
      const limit = size > 0 ? most[0][row]! : most[1][row]!;
      if (size === 0 || Math.abs(size) > limit) throw new Error(`payload_sizes holds ${size}, the most is ${limit}`);
    }
  }
}
