/** Rows of plain objects as a table, with the verdicts that tests give them. */
import type { Table } from '../../../core/table.ts';
import { specsOfNames, tableOfObjects } from '../../../features/text/text-reader.ts';
import type { Verdict } from '../../../serve/verdict.ts';

export function tableOf(...rows: readonly Record<string, unknown>[]): Table {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return tableOfObjects('a test', specsOfNames(names), rows);
}

export function verdictOf(risk: number | null, score = 0.9, verdict = 'other'): Verdict {
  return { predicted: 'other', score, verdict, risk, evidence: [], model: 'example@1.0.0' };
}
