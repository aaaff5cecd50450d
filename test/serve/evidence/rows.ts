/** Rows of a flow table written out in tests. */
import type { Finding, Table } from '../../../core/table.ts';
import { specsOfNames, tableOfObjects } from '../../../features/text/text-reader.ts';
import type { EvidenceFinder } from '../../../serve/evidence/source.ts';

export type FlowCells = Readonly<Record<string, unknown>>;

/** A table with these rows; cells that a row does not name are null. */
export function flowTable(...rows: readonly FlowCells[]): Table {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return tableOfObjects(
    'rows',
    specsOfNames(names),
    rows.map((row) => ({ ...row })),
  );
}

export function findingsOf(finder: EvidenceFinder, cells: FlowCells): readonly Finding[] {
  return finder.find(flowTable(cells), 0);
}

export function weightOf(findings: readonly Finding[]): number {
  return findings.reduce((sum, { weight }) => sum + weight, 0);
}
