/** What scoring adds to a row. */
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

/** The specs with the verdict's behind them; an earlier scoring's are replaced. */
export function withVerdictColumns(specs: readonly ColumnSpec[]): ColumnSpec[] {
  const names = new Set(VERDICT_COLUMNS.map(({ name }) => name));
  return [...specs.filter(({ name }) => !names.has(name)), ...VERDICT_COLUMNS];
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
  const columns = new Map([...table.columns, ...Object.entries({ predicted, score, verdict, risk, evidence, model })]);
  return { specs: withVerdictColumns(specs), columns, length: rows };
}
