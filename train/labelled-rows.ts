/** Collects the rows of labelled tables into what a learner takes, and counts what could not be used. */
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import { type Column, type ColumnSpec, type ScalarColumn, type Table, textCell } from '../core/table.ts';
import { type TextColumn, textAt, textsOf } from '../core/text-column.ts';
import { textListAt } from '../core/text-list-column.ts';
import { nodeDigests } from '../features/digests-node.ts';
import type { ModelInput } from '../models/card.ts';
import { checkInputs, placeNames, readInput } from '../models/inputs.ts';
import type { LabelledMatrix } from './matrix.ts';
import { type RowContext, RowContextCollector } from './row-context.ts';

export interface LabelledData {
  readonly data: LabelledMatrix;
  /** Group id per row. */
  readonly groups: Int32Array;
  readonly groupNames: readonly string[];
  readonly captures: readonly string[];
  readonly protocols: readonly string[];
  /** Responder's port per row, for the baseline that knows nothing else. */
  readonly ports: Float32Array;
  /** What reports and baselines know of the rows besides; absent for rows that come from no flow table. */
  readonly context?: RowContext;
}

export interface LeftOut {
  /** Rows without a label. */
  unlabelled: number;
  /** Rows with fewer payload packets than the model will speak of. */
  tooShort: number;
  /** Rows of a class that the model does not have. */
  otherLabels: number;
  /** Rows of a protocol that the model does not speak of. */
  otherProtocols: number;
}

/** What training asks of its rows besides what every reader does. */
export interface RowDemands {
  /** The column with what each row counts for; each counts 1 without it. */
  readonly weightColumn?: string;
  /** Inputs that a table of an older version lacks are done without; else such a table is refused. */
  readonly mayLackInputs?: boolean;
}

/** A table that lacks more of the inputs is no older one, but something else. */
const MOST_LACKING = 0.5;

export class LabelledRows {
  readonly leftOut: LeftOut = { unlabelled: 0, tooShort: 0, otherLabels: 0, otherProtocols: 0 };
  readonly #inputs: readonly ModelInput[];
  readonly #target: string;
  readonly #groupBy: string;
  readonly #minPayloadPackets: number;
  /** Protocols to keep; null for all. */
  readonly #spoken: readonly string[] | null;
  readonly #classes: readonly string[] | null;
  readonly #unwanted: ReadonlySet<string>;
  /** Of each input, one column of values for each place that it takes. */
  readonly #columns: number[][][];
  readonly #weightColumn: string | null;
  readonly #mayLackInputs: boolean;
  readonly #weights: number[] = [];
  /** Table -> the inputs that it lacks. */
  readonly #lacking = new Map<string, readonly string[]>();
  readonly #labels: string[] = [];
  readonly #groups: string[] = [];
  readonly #ports: number[] = [];
  readonly #context = new RowContextCollector();
  readonly #captures = new Set<string>();
  readonly #protocols = new Set<string>();

  /**
   * @param target the column that holds the label
   * @param groupBy the column whose values must not be on both sides of a split
   * @param classes the labels to keep, in order; null for those that occur
   * @param unwanted labels to leave out: those that a model has, for who looks for what it does not know
   */
  constructor(
    inputs: readonly ModelInput[],
    target: string,
    groupBy: string,
    scope: { readonly minPayloadPackets: number; readonly protocols?: readonly string[] },
    classes: readonly string[] | null,
    unwanted: readonly string[] = [],
    { weightColumn, mayLackInputs = false }: RowDemands = {},
  ) {
    this.#weightColumn = weightColumn ?? null;
    this.#mayLackInputs = mayLackInputs;
    this.#inputs = inputs;
    this.#target = target;
    this.#groupBy = groupBy;
    this.#minPayloadPackets = scope.minPayloadPackets;
    this.#spoken = scope.protocols ?? null;
    this.#classes = classes;
    this.#unwanted = new Set(unwanted);
    this.#columns = inputs.map(({ list }) => Array.from({ length: list?.length ?? 1 }, () => []));
  }

  get rows(): number {
    return this.#labels.length;
  }

  /** Tables of an older version, and which inputs each of them lacks. */
  get lacking(): ReadonlyMap<string, readonly string[]> {
    return this.#lacking;
  }

  /** Those that every table has, in their order: the names of the matrix. */
  get inputs(): readonly ModelInput[] {
    const gone = new Set([...this.#lacking.values()].flat());
    return this.#inputs.filter(({ name }) => !gone.has(name));
  }

  /** @throws FlowlampError SCHEMA_MISMATCH, COLUMN_MISSING, or LABELS_UNUSABLE for weights that are none */
  add(name: string, specs: readonly ColumnSpec[], table: Table): void {
    const lacking = this.#lackedBy(specs);
    if (lacking.length > 0) this.#lacking.set(name, lacking);
    const present = this.#inputs.filter((input) => !lacking.includes(input.name));
    checkInputs('this version of flowlamp', present, name, specs, nodeDigests);
    const labels = textsOf(textColumn(name, table, this.#target), table.length);
    const groups = requireColumn(name, table, this.#groupBy);
    const kept: number[] = [];
    for (let row = 0; row < table.length; row++) if (this.#keep(labels[row]!, table, row)) kept.push(row);
    for (const row of kept) {
      this.#labels.push(labels[row]!);
      this.#groups.push(cellText(groups, row));
      this.#ports.push(number(table, 'dst_port', row));
      this.#captures.add(textCell(table, 'capture', row) ?? name);
      this.#protocols.add(textCell(table, 'protocol', row) ?? 'tcp');
    }
    this.#context.add(name, table, kept);
    if (this.#weightColumn !== null) this.#addWeights(name, table, this.#weightColumn, kept);
    this.#inputs.forEach((input, i) => {
      const columns = this.#columns[i]!;
      if (lacking.includes(input.name)) {
        for (const column of columns) for (let n = 0; n < kept.length; n++) column.push(Number.NaN);
        return;
      }
      const values = columns.map(() => new Float32Array(table.length));
      readInput(table.columns.get(input.name)!, input, table.length, (row, item, value) => {
        values[item]![row] = value;
      });
      columns.forEach((column, item) => {
        for (const row of kept) column.push(values[item]![row]!);
      });
    });
  }

  #lackedBy(specs: readonly ColumnSpec[]): string[] {
    if (!this.#mayLackInputs) return [];
    const names = new Set(specs.map(({ name }) => name));
    const lacking = this.#inputs.map(({ name }) => name).filter((name) => !names.has(name));
    return lacking.length > MOST_LACKING * this.#inputs.length ? [] : lacking;
  }

  #addWeights(name: string, table: Table, wanted: string, kept: readonly number[]): void {
    const values = weightsOf(name, wanted, requireColumn(name, table, wanted), table.length);
    for (const row of kept) {
      const weight = values[row]!;
      if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
        throw new FlowlampError(ErrorCode.LabelsUnusable, {
          happened: `row ${row + 1} of a batch of ${name} has ${Number.isNaN(weight) ? 'no weight' : `the weight ${weight}`} in ${wanted}`,
          expected: 'a number of at least 0 in every row',
          action: 'correct the column, or name another with --weight-column',
        });
      }
      this.#weights.push(weight);
    }
  }

  /** @throws FlowlampError LABELS_UNUSABLE where nothing can be learnt from what was collected */
  finish(): LabelledData {
    if (this.rows === 0) throw this.#nothing();
    const classNames = this.#classes ?? [...new Set(this.#labels)].sort();
    refuseCaseTwins(classNames);
    const groupNames = [...new Set(this.#groups)].sort();
    const classIds = new Map(classNames.map((name, id) => [name, id]));
    const groupIds = new Map(groupNames.map((name, id) => [name, id]));
    const names = placeNames(this.inputs);
    const isKept = new Set(this.inputs);
    const columns = this.#columns.filter((_, i) => isKept.has(this.#inputs[i]!)).flat();
    const context = this.#context.finish();
    const flows = flowsOf(context);
    return {
      data: {
        matrix: { rows: this.rows, names, columns: columns.map((column) => Float32Array.from(column)) },
        labels: Int32Array.from(this.#labels, (label) => classIds.get(label)!),
        classNames,
        ...weighted(this.#weightColumn === null ? null : this.#weights, flows),
      },
      groups: Int32Array.from(this.#groups, (group) => groupIds.get(group)!),
      groupNames,
      captures: [...this.#captures].sort(),
      protocols: [...this.#protocols].sort(),
      ports: Float32Array.from(this.#ports),
      context,
    };
  }

  #keep(label: string | null, table: Table, row: number): boolean {
    const payloads = number(table, 'fwd_payload_packets', row) + number(table, 'bwd_payload_packets', row);
    const protocol = textCell(table, 'protocol', row);
    if (label === null || label === '') this.leftOut.unlabelled++;
    else if (this.#classes?.includes(label) === false || this.#unwanted.has(label)) this.leftOut.otherLabels++;
    else if (protocol !== null && this.#spoken?.includes(protocol) === false) this.leftOut.otherProtocols++;
    else if (payloads < this.#minPayloadPackets) {
      this.leftOut.tooShort++;
      this.#context.addShort(table, row);
    } else return true;
    return false;
  }

  #nothing(): FlowlampError {
    const { unlabelled, tooShort, otherLabels, otherProtocols } = this.leftOut;
    return new FlowlampError(ErrorCode.LabelsUnusable, {
      happened: `no row can be used: ${unlabelled} without a label in ${this.#target}, ${tooShort} with fewer than ${this.#minPayloadPackets} payload packets, ${otherLabels} of other classes, ${otherProtocols} of other protocols`,
      expected: 'labelled flows',
      action: 'extract with --label or --labels, or choose another --target',
    });
  }
}

/**
 * A number per row, the same for all rows of one part of a flow: its end, its prefixes and its intervals (`--emit`). Rows that
 * are not known to belong together are flows of their own.
 */
export function flowNumbers({ context, data }: Pick<LabelledData, 'context' | 'data'>): Int32Array {
  return context === undefined ? Int32Array.from({ length: data.matrix.rows }, (_, row) => row) : flowsOf(context);
}

function flowsOf({ captures, flowIds, parts }: RowContext): Int32Array {
  const numbers = new Map<string, number>();
  return Int32Array.from(flowIds, (flowId, row) => {
    const key = `${captures[row]} ${flowId} ${parts[row]}`;
    const number = numbers.get(key) ?? numbers.size;
    numbers.set(key, number);
    return number;
  });
}

/** What each row counts for in learning: the rows of one flow count together as much as the one row of another. */
function weighted(given: readonly number[] | null, flows: Int32Array): { readonly weights?: Float32Array } {
  const rowsOf = new Int32Array(flows.length);
  for (const flow of flows) rowsOf[flow]!++;
  const isPlain = flows.every((flow) => rowsOf[flow] === 1);
  if (isPlain && given === null) return {};
  return { weights: Float32Array.from(flows, (flow, row) => (given?.[row] ?? 1) / rowsOf[flow]!) };
}

/** `Mining` and `mining` would silently be two classes, and so would two ways to write one accent. */
function refuseCaseTwins(classNames: readonly string[]): void {
  const plain = (name: string) => name.normalize('NFKC').trim().toLowerCase();
  const seen = new Map<string, string>();
  for (const name of classNames) {
    const twin = seen.get(plain(name));
    if (twin !== undefined) {
      throw new FlowlampError(ErrorCode.LabelsUnusable, {
        happened: `the labels "${twin}" and "${name}" differ only in case, blanks or how characters are composed`,
        expected: 'one spelling for each class',
        action: 'correct the labels',
      });
    }
    seen.set(plain(name), name);
  }
}

function requireColumn(name: string, table: Table, wanted: string): Column {
  const column = table.columns.get(wanted);
  if (column !== undefined) return column;
  throw new FlowlampError(ErrorCode.ColumnMissing, {
    happened: `${name} has no column ${wanted}`,
    expected: `one of ${[...table.columns.keys()].join(', ')}`,
    action: 'name another column',
  });
}

function textColumn(name: string, table: Table, wanted: string): TextColumn {
  const column = requireColumn(name, table, wanted);
  if (column.type === 'utf8') return column;
  throw new FlowlampError(ErrorCode.ColumnMissing, {
    happened: `column ${wanted} of ${name} is ${column.type}`,
    expected: 'a column of text',
    action: 'name the column that holds the labels',
  });
}

/** Columns that flowlamp does not know are text in CSV and JSONL. NaN where null or no number. */
function weightsOf(name: string, wanted: string, column: Column, rows: number): Float64Array {
  if (column.type === 'utf8') {
    return Float64Array.from(textsOf(column, rows), (text) =>
      text === null || text.trim() === '' ? NaN : Number(text),
    );
  }
  if ('values' in column && column.type !== 'findings' && column.type !== 'timestamp_ns')
    return numbersOf(column, rows);
  throw new FlowlampError(ErrorCode.ColumnMissing, {
    happened: `column ${wanted} of ${name} is ${column.type}`,
    expected: 'a column of numbers',
    action: 'name another with --weight-column',
  });
}

/** NaN where null. */
function numbersOf(column: Column, rows: number): Float64Array {
  const values = new Float64Array(rows);
  readInput(column, {}, rows, (row, _item, value) => {
    values[row] = value;
  });
  return values;
}

function cellText(column: Column, row: number): string {
  if (column.type === 'utf8') return textAt(column, row) ?? '';
  if (column.type === 'list_utf8') return String(textListAt(column, row) ?? '');
  return 'values' in column ? String(column.values[row] ?? '') : '';
}

function number(table: Table, name: string, row: number): number {
  return (table.columns.get(name) as ScalarColumn<'uint32'> | undefined)?.values[row] ?? 0;
}
