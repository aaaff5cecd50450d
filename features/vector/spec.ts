/**
 * How a group of columns is declared. One row per column is the only place where its name, type, unit, meaning and use
 * are written: the Arrow schema, the CSV header, docs/features.md and the hash that models carry all derive from it.
 */
import type { ColumnOf, ColumnSpec, ColumnType } from '../../core/table.ts';

export interface FeatureSpec extends ColumnSpec {
  readonly group: string;
  /** What the value means, in one sentence, with its source where it has one. */
  readonly doc: string;
  /** When the value is null, or '' if it never is. */
  readonly nulls: string;
  /** Whether a model may read it. Identities (addresses, ports, names, absolute times) never are. */
  readonly input: boolean;
  /** Whether rows have it only if it is asked for by name (`--columns`). */
  readonly onRequest: boolean;
}

/** A row as it is written in a group's file. */
export interface FeatureRow {
  readonly type: ColumnType;
  readonly unit?: string;
  readonly doc: string;
  readonly nulls?: string;
  readonly input?: boolean;
  readonly onRequest?: boolean;
  readonly revision?: number;
}

export type FeatureRows = Readonly<Record<string, FeatureRow>>;

/** The columns of a group, by name, with the array type that each row of its table asks for. */
export type ColumnsOf<Rows extends FeatureRows> = { readonly [Name in keyof Rows]: ColumnOf<Rows[Name]['type']> };

/** Turns a group's rows into complete specifications, in the order in which they are written. */
export function specsOf(group: string, rows: FeatureRows): FeatureSpec[] {
  return Object.entries(rows).map(([name, row]) => ({
    name,
    group,
    type: row.type,
    unit: row.unit ?? '',
    doc: row.doc,
    nulls: row.nulls ?? '',
    input: row.input ?? false,
    onRequest: row.onRequest ?? false,
    revision: row.revision ?? 1,
  }));
}
