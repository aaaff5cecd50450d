/**
 * Rows as bytes and back: an Arrow stream. Lists of findings are not read from Arrow, so they are texts of JSON in it, in
 * columns whose unit says so.
 */
import {
  appendTableRows,
  type Column,
  type ColumnSpec,
  createColumn,
  createTable,
  type Finding,
  type Table,
} from '../../core/table.ts';
import { appendText, textAt } from '../../core/text-column.ts';
import { arrowStreamBatches } from '../../features/files/arrow-batches.ts';
import type { Form } from './destination.ts';

const FINDINGS_UNIT = 'json of findings';

export const tableForm: Form<Table> = {
  tag: 'table/1',
  toBytes(table) {
    if (arrow === null) throw new Error('loadArrow() comes first');
    const pieces: Uint8Array[] = [];
    const plain = withFindingsAsText(table);
    const writer = new arrow.ArrowWriter('arrows', plain.specs, (bytes) => pieces.push(bytes.slice()));
    writer.write(plain);
    writer.finish();
    return Buffer.concat(pieces);
  },
  async fromBytes(bytes) {
    const tables: Table[] = [];
    for await (const { batch } of arrowStreamBatches('spilled rows', once(bytes))) tables.push(batch);
    return withFindings(joinTables(tables)[0]!);
  },
};

export type ArrowModule = typeof import('../../features/arrow/arrow-writer.ts');
let arrow: ArrowModule | null = null;

/** Arrow's library takes a tenth of a second to load: only where tables are written. */
export async function loadArrow(): Promise<ArrowModule> {
  arrow ??= await import('../../features/arrow/arrow-writer.ts');
  return arrow;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Columns of the same names and types, in the same order. */
export function areSame(a: readonly ColumnSpec[], b: readonly ColumnSpec[]): boolean {
  return (
    a === b || (a.length === b.length && a.every((spec, i) => spec.name === b[i]!.name && spec.type === b[i]!.type))
  );
}

/** Tables that follow each other and have the same columns become one. */
export function joinTables(tables: readonly Table[]): Table[] {
  const joined: Table[] = [];
  for (let from = 0; from < tables.length; ) {
    let to = from + 1;
    while (to < tables.length && areSame(tables[from]!.specs, tables[to]!.specs)) to++;
    joined.push(to === from + 1 ? tables[from]! : joinSame(tables.slice(from, to)));
    from = to;
  }
  return joined;
}

function joinSame(tables: readonly Table[]): Table {
  const rows = tables.reduce((sum, { length }) => sum + length, 0);
  const joined = createTable(tables[0]!.specs, rows);
  for (const table of tables) {
    appendTableRows(
      joined,
      table,
      Array.from({ length: table.length }, (_, row) => row),
    );
  }
  return joined;
}

export function withFindingsAsText(table: Table): Table {
  const specs = table.specs.map(
    (spec): ColumnSpec => (spec.type === 'findings' ? { ...spec, type: 'utf8', unit: FINDINGS_UNIT } : spec),
  );
  const columns = new Map(
    [...table.columns].map(([name, column]): [string, Column] => {
      if (column.type !== 'findings') return [name, column];
      const texts = createColumn('utf8', table.length);
      for (let row = 0; row < table.length; row++) {
        const findings = column.values[row] ?? null;
        appendText(texts, row, findings === null ? null : JSON.stringify(findings));
      }
      return [name, texts];
    }),
  );
  return { specs, columns, length: table.length };
}

/** @throws where a text is not one of findings */
export function withFindings(table: Table): Table {
  const columns = new Map(table.columns);
  const specs = table.specs.map((spec): ColumnSpec => {
    const texts = table.columns.get(spec.name);
    if (spec.unit !== FINDINGS_UNIT || texts?.type !== 'utf8') return spec;
    const findings = createColumn('findings', table.length);
    for (let row = 0; row < table.length; row++) {
      const text = textAt(texts, row);
      findings.values[row] = text === null ? null : (JSON.parse(text) as Finding[]);
    }
    columns.set(spec.name, findings);
    return { ...spec, type: 'findings', unit: '' };
  });
  return { specs, columns, length: table.length };
}
