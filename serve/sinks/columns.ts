/** Columns of the rows that a sink writes. */
import type { ColumnSpec } from '../../core/table.ts';
import { chooseColumns } from '../../features/files/table-writer.ts';
import { COLUMNS } from '../../features/vector/schema.ts';
import { withVerdictColumns } from '../verdict-columns.ts';

/**
 * Of the columns of a table those that are named, in the order named; null for all. One that a table lacks is null in every
 * row: what is written has the same columns whatever is judged.
 */
export function chosenSpecs(specs: readonly ColumnSpec[], names: readonly string[] | null): readonly ColumnSpec[] {
  if (names === null) return specs;
  return names.flatMap((name) => {
    const spec = specs.find((candidate) => candidate.name === name) ?? known.get(name);
    return spec === undefined ? [] : [spec];
  });
}

const knownSpecs = withVerdictColumns(COLUMNS);
const known = new Map(knownSpecs.map((spec) => [spec.name, spec]));

/** @throws FlowlampError COLUMN_UNKNOWN */
export function checkColumns(names: readonly string[] | null): void {
  if (names !== null) chooseColumns(knownSpecs, names);
}
