/**
 * Columns of a user's own: a function over what a row has. It is applied where rows are read, whatever they are read for, so
 * that a model learns from the numbers that it is asked with.
 */
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import { type ColumnSpec, createColumn, type Table } from '../core/table.ts';
import { cellValue, type Flow } from './rows-of.ts';
import { featureNamed } from './vector/schema.ts';

export interface CustomFeature {
  /** Of its column, in snake_case, the unit last: `fwd_bytes_per_s`. Not one of flowlamp's. */
  readonly name: string;
  /** `bytes`, `us`, ...; '' for none. */
  readonly unit: string;
  /** Raised when it comes to mean something else: models that learnt the old meaning are refused then. */
  readonly revision: number;
  /** The columns that it is computed from: those of flowlamp, or of features before it. */
  readonly reads: readonly string[];
  /**
   * The number of a flow, null where it does not apply; never NaN or an infinity. It is asked once a row, in any order, and
   * must depend on nothing else.
   *
   * @param flow has the columns that are read, and no others
   */
  of(flow: Flow): number | null;
}

const NAME = /^[a-z][a-z0-9_]{0,99}$/;

export class CustomColumns {
  readonly #features: readonly CustomFeature[];
  /** Tables of the same columns are told by their list, so each list has one that is wider. */
  readonly #widened = new WeakMap<readonly ColumnSpec[], readonly ColumnSpec[]>();

  /** @throws FlowlampError OPTION_INVALID for a name that is none, is flowlamp's, or occurs twice */
  constructor(features: readonly CustomFeature[]) {
    const seen = new Set<string>();
    for (const { name, revision } of features) {
      if (!NAME.test(name)) throw wrong(`a feature is called ${name}`, 'a name in snake_case');
      if (featureNamed(name) !== undefined)
        throw wrong(`a feature is called ${name}`, 'no name of a column of flowlamp');
      if (seen.has(name)) throw wrong(`two features are called ${name}`, 'a name for each');
      if (!Number.isSafeInteger(revision) || revision < 0)
        throw wrong(`the feature ${name} has revision ${revision}`, 'a whole number');
      seen.add(name);
    }
    this.#features = features;
  }

  /**
   * The table with a column for each feature; one that it has already is computed again.
   *
   * @param name what to call the table in errors
   * @throws FlowlampError COLUMN_MISSING, or OPTION_INVALID for a feature that gives no number
   */
  addTo(name: string, { specs, columns, length }: Table): Table {
    const table = { specs: this.#specs(specs), columns: new Map(columns), length };
    for (const feature of this.#features) table.columns.set(feature.name, filled(name, feature, table));
    return table;
  }

  #specs(specs: readonly ColumnSpec[]): readonly ColumnSpec[] {
    let list = this.#widened.get(specs);
    if (list === undefined) {
      const own = this.#features.map(specOf);
      const names = new Set(own.map(({ name }) => name));
      list = [...specs.filter(({ name }) => !names.has(name)), ...own];
      this.#widened.set(specs, list);
    }
    return list;
  }
}

/** What a model's card says of it as an input. */
export function specOf({ name, unit, revision }: CustomFeature): ColumnSpec & { readonly type: 'float64' } {
  return { name, type: 'float64', unit, revision };
}

function filled(table: string, feature: CustomFeature, { columns, length }: Table) {
  const read = feature.reads.map((name) => {
    const column = columns.get(name);
    if (column !== undefined) return [name, column] as const;
    throw new FlowlampError(ErrorCode.ColumnMissing, {
      happened: `${table} has no column ${name}, which the feature ${feature.name} reads`,
      expected: 'the columns that it names',
      action: 'extract the captures again, or correct what the feature reads',
    });
  });
  const { type } = specOf(feature);
  const out = createColumn(type, length);
  for (let row = 0; row < length; row++) {
    const value = feature.of(Object.fromEntries(read.map(([name, column]) => [name, cellValue(column, row)])));
    if (value === null) continue;
    if (typeof value !== 'number' || !Number.isFinite(value))
      throw wrong(
        `the feature ${feature.name} gives ${String(value)} for row ${row + 1} of a batch of ${table}`,
        'a number, or null',
      );
    out.values[row] = value;
    out.valid[row] = 1;
  }
  return out;
}

function wrong(happened: string, expected: string): FlowlampError {
  return new FlowlampError(ErrorCode.OptionInvalid, { happened, expected, action: 'correct the feature' });
}
