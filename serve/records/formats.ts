/** The formats of records, by name. */
import { assertNever, ErrorCode, FlowlampError } from '../../core/errors.ts';
import type { ColumnSpec, Table } from '../../core/table.ts';
import { ECS_COLUMNS, ecsRecord } from './ecs.ts';
import { EVE_COLUMNS, eveRecords } from './eve.ts';
import { jsonLine } from './line.ts';
import { type ModelFacts, Row } from './row.ts';

export const RECORD_FORMATS = ['eve', 'ecs'] as const;
export type RecordFormat = (typeof RECORD_FORMATS)[number];

/** The records of all rows of a scored table, one a line. */
export function recordLines(format: RecordFormat, table: Table, model: ModelFacts): string {
  let text = '';
  for (let i = 0; i < table.length; i++) {
    for (const record of recordsOf(format, new Row(table, i), model)) text += jsonLine(record);
  }
  return text;
}

function recordsOf(format: RecordFormat, row: Row, model: ModelFacts): readonly object[] {
  switch (format) {
    case 'eve':
      return eveRecords(row, model);
    case 'ecs':
      return [ecsRecord(row, model)];
    default:
      return assertNever(format);
  }
}

/** @throws FlowlampError COLUMN_MISSING for a table whose rows are no events: without times or addresses */
export function checkRecordColumns(format: RecordFormat, specs: readonly ColumnSpec[]): void {
  const needed: readonly string[] = format === 'eve' ? EVE_COLUMNS : ECS_COLUMNS;
  const missing = needed.filter((name) => !specs.some((spec) => spec.name === name));
  if (missing.length === 0) return;
  throw new FlowlampError(ErrorCode.ColumnMissing, {
    happened: `the format ${format} cannot be written: the table has no ${missing.join(', ')}`,
    expected: `the columns ${needed.join(', ')}`,
    action: 'extract the captures again with these columns, or choose another --format',
  });
}
