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
  /** Why it may tell how or where a capture was made rather than what a flow is; '' if nothing is known against it. */
  readonly leaks: string;
}

/** A row as it is written in a group's file. */
export interface FeatureRow {
  readonly type: ColumnType;
  readonly unit?: string;
  readonly doc: string;
  readonly nulls?: string;
  readonly input?: boolean;
  readonly onRequest?: boolean;
  readonly leaks?: string;
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
    leaks: row.leaks ?? '',
    revision: row.revision ?? 1,
  }));
}

export type Side = 'fwd' | 'bwd';

/** The rows of a group, by names without a side, once for each side. */
export type SideRows<Rows extends FeatureRows> = {
  readonly [Name in keyof Rows & string as `${Side}_${Name}`]: Rows[Name];
};

const WORDS: Readonly<Record<Side, readonly [string, string]>> = {
  fwd: ['the initiator', 'the responder'],
  bwd: ['the responder', 'the initiator'],
};

/** Rows of `fwd_` and `bwd_` columns; `{side}` and `{other}` in their sentences are who sends and who hears it. */
export function ofBothSides<const Rows extends FeatureRows>(rows: Rows): SideRows<Rows> {
  const sides: readonly Side[] = ['fwd', 'bwd'];
  const both = sides.flatMap((side) =>
    Object.entries(rows).map(([name, row]) => {
      const { doc, nulls = '', leaks = '' } = row;
      const [said, none, leak] = [doc, nulls, leaks].map((text) => sentence(text, side));
      return [`${side}_${name}`, { ...row, doc: said, nulls: none, leaks: leak }];
    }),
  );
  return Object.fromEntries(both) as SideRows<Rows>;
}

function sentence(text: string, side: Side): string {
  const [own, other] = WORDS[side];
  const said = text.replaceAll('{side}', own).replaceAll('{other}', other);
  return said.charAt(0).toUpperCase() + said.slice(1);
}

/** The columns of one side, by their names without it. */
export function columnsOfSide<Rows extends FeatureRows>(
  out: ColumnsOf<SideRows<Rows>>,
  side: Side,
  rows: Rows,
): ColumnsOf<Rows> {
  const columns = out as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.keys(rows).map((name) => [name, columns[`${side}_${name}`]]),
  ) as unknown as ColumnsOf<Rows>;
}
