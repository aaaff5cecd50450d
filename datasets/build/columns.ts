/** Columns that a data set has beside those of its flows: how each was labelled, what it belongs to, how it was captured. */
import {
  type Column,
  type ColumnSpec,
  createColumn,
  type ScalarColumn,
  type Table,
  takeTableRows,
} from '../../core/table.ts';
import { appendText, createTextColumn, type TextColumn } from '../../core/text-column.ts';
import type { Labeller } from '../manifest/labeller.ts';
import type { ManifestCapture } from '../manifest/manifest.ts';
import type { CaptureFacts } from './parts.ts';

const spec = (name: string, type: 'utf8' | 'uint32', unit = ''): ColumnSpec => ({ name, type, unit, revision: 1 });

export const DATASET_COLUMNS: readonly ColumnSpec[] = [
  spec('label_by', 'utf8'),
  spec('site', 'utf8'),
  spec('client', 'utf8'),
  spec('server', 'utf8'),
  spec('date', 'utf8'),
  spec('capture_format', 'utf8'),
  spec('capture_link_type', 'uint32'),
  spec('capture_snaplen', 'uint32', 'bytes'),
];

/** The rows of a capture with their labels and the columns of the data set; without those that are dropped. */
export function labelled(
  specs: readonly ColumnSpec[],
  table: Table,
  capture: ManifestCapture,
  facts: CaptureFacts,
  labeller: Labeller,
): Table {
  const rows = table.length;
  const texts = new Map<string, TextColumn>();
  for (const name of ['label', 'label_by', 'site', 'client', 'server', 'date', 'capture_format']) {
    texts.set(name, createTextColumn(rows));
  }
  const kept: number[] = [];
  const append = (name: string, row: number, text: string | null) => appendText(texts.get(name)!, row, text);
  const labelOf = labeller.labelsOf(capture, table);
  for (let row = 0; row < rows; row++) {
    const { label, by, group } = labelOf(row);
    if (label !== null || !labeller.manifest.dropRest) kept.push(row);
    append('label', row, label);
    append('label_by', row, by);
    append('site', row, group ?? capture.site);
    append('client', row, capture.client);
    append('server', row, capture.server);
    append('date', row, capture.date);
    append('capture_format', row, facts.format);
  }
  const columns = new Map<string, Column>([...table.columns, ...texts]);
  columns.set('capture_link_type', constant(rows, facts.linkTypes.length === 1 ? facts.linkTypes[0]! : null));
  columns.set('capture_snaplen', constant(rows, facts.snapLength));
  const own = specs.map(({ name, type }): [string, Column] => [name, columns.get(name) ?? createColumn(type, rows)]);
  const all: Table = { specs, columns: new Map(own), length: rows };
  return kept.length === rows ? all : takeTableRows(all, kept);
}

function constant(rows: number, value: number | null): ScalarColumn<'uint32'> {
  const column = createColumn('uint32', rows);
  column.values.fill(value ?? 0);
  column.valid.fill(value === null ? 0 : 1);
  return column;
}
