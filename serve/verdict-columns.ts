/** What scoring adds to a row. */
import { PackedColumns } from '../core/packed-columns.ts';
import { type ColumnSpec, createColumn, type Table } from '../core/table.ts';
import { appendText } from '../core/text-column.ts';
import type { Verdict } from './verdict.ts';

const added = (name: string, type: ColumnSpec['type']): ColumnSpec => ({ name, type, unit: '', revision: 1 });

export const VERDICT_COLUMNS: readonly ColumnSpec[] = [
  added('predicted', 'utf8'),
  added('score', 'float64'),
  added('verdict', 'utf8'),
  added('risk', 'uint8'),
  added('evidence', 'findings'),
  added('model', 'utf8'),
];

const NAMES = new Set(VERDICT_COLUMNS.map(({ name }) => name));
/** Lists that were asked for: others tell tables of the same columns by their list. */
const widened = new WeakMap<readonly ColumnSpec[], readonly ColumnSpec[]>();

/** The specs with the verdict's behind them, the same list for the same specs; an earlier scoring's are replaced. */
export function withVerdictColumns(specs: readonly ColumnSpec[]): readonly ColumnSpec[] {
  let list = widened.get(specs);
  if (list === undefined) {
    list = [...specs.filter(({ name }) => !NAMES.has(name)), ...VERDICT_COLUMNS];
    widened.set(specs, list);
  }
  return list;
}

/** The table with a verdict for each of its rows. */
export function withVerdicts(specs: readonly ColumnSpec[], table: Table, verdicts: readonly Verdict[]): Table {
  const rows = table.length;
  const predicted = createColumn('utf8', rows);
  const score = createColumn('float64', rows);
  const verdict = createColumn('utf8', rows);
  const risk = createColumn('uint8', rows);
  const evidence = createColumn('findings', rows);
  const model = createColumn('utf8', rows);
  verdicts.forEach((judged, row) => {
    appendText(predicted, row, judged.predicted);
    score.values[row] = judged.score;
    score.valid[row] = 1;
    appendText(verdict, row, judged.verdict);
    risk.values[row] = judged.risk ?? 0;
    risk.valid[row] = judged.risk === null ? 0 : 1;
    evidence.values[row] = judged.evidence;
    appendText(model, row, judged.model);
  });
  const added = Object.entries({ predicted, score, verdict, risk, evidence, model });
  const columns =
    table.columns instanceof PackedColumns ? table.columns.with(added) : new Map([...table.columns, ...added]);
  return { specs: withVerdictColumns(specs), columns, length: rows };
}
