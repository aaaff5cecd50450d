/** Items as lines of JSON. */
import type { ColumnSpec, Table } from '../../core/table.ts';
import { withColumns } from '../../core/table.ts';
import { jsonLines } from '../../features/text/text-writer.ts';
import type { Alert, Item, JudgedRows, SidecarRecord } from '../live/items.ts';
import { eveRecords } from '../records/eve.ts';
import { jsonLine } from '../records/line.ts';
import { Row } from '../records/row.ts';
import { chosenSpecs } from './columns.ts';
import { SINK_LIMITS } from './limits.ts';

const encoder = new TextEncoder();

/**
 * The lines of an item: rows as `score -f jsonl` writes them, alerts with what they say of the row before its columns, records
 * with `record` and `time` first.
 *
 * @param columns of rows and alerts; null for all
 */
export async function itemLines(item: Item, columns: readonly string[] | null): Promise<Uint8Array> {
  switch (item.kind) {
    case 'rows':
      return rowLines(item.rows, columns);
    case 'alert':
      return encoder.encode(`${alertText(item, columns)}\n`);
    case 'record':
      return encoder.encode(jsonLine(recordObject(item)));
  }
}

/** Other work gets its turn between a few rows and the next. */
async function rowLines(table: Table, columns: readonly string[] | null): Promise<Uint8Array> {
  const specs = chosenSpecs(table.specs, columns);
  const chosen = withColumns(table, specs);
  return inPieces(chosen.length, (from, to) => jsonLines(specs, chosen, from, to));
}

async function inPieces(rows: number, textOf: (from: number, to: number) => string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (let from = 0; from < rows; from += SINK_LIMITS.rowsAtOnce) {
    if (from > 0) await new Promise((resolve) => setImmediate(resolve));
    pieces.push(encoder.encode(textOf(from, Math.min(rows, from + SINK_LIMITS.rowsAtOnce))));
  }
  return Buffer.concat(pieces);
}

/** An alert as one object: `{"alert":"new","before":null,"held_back":0,` and the columns of its row. */
export function alertText({ rows, reason, before, heldBack }: Alert, columns: readonly string[] | null): string {
  const about = JSON.stringify({ alert: reason, before, held_back: heldBack });
  const specs: readonly ColumnSpec[] = chosenSpecs(rows.specs, columns);
  const row = jsonLines(specs, withColumns({ ...rows, length: Math.min(1, rows.length) }, specs)).trimEnd();
  return row.length <= 2 ? about : `${about.slice(0, -1)},${row.slice(1)}`;
}

/** What it says of itself cannot be said otherwise by its body. */
export function recordObject({ record, time, body }: SidecarRecord): object {
  return Object.assign({ record, time }, body, { record, time });
}

/**
 * Rows as `flow` records of EVE, alerts as `alert` records: which flows are alerts is said by the alerts, which are held back
 * and suppressed by rule, and not by the rows.
 */
export async function eveLines(item: JudgedRows | Alert): Promise<Uint8Array> {
  const wanted = item.kind === 'rows' ? 'flow' : 'alert';
  return inPieces(item.rows.length, (from, to) => {
    let text = '';
    for (let i = from; i < to; i++) {
      for (const record of eveRecords(new Row(item.rows, i), item.model)) {
        if (record.event_type === wanted) text += jsonLine(record);
      }
    }
    return text;
  });
}
