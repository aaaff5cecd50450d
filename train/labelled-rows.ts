/** Collects the rows of labelled tables into what a learner takes, and counts what could not be used. */
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import { type Column, type ColumnSpec, type ScalarColumn, type Table, textCell } from '../core/table.ts';
import { type TextColumn, textAt, textsOf } from '../core/text-column.ts';
import { textListAt } from '../core/text-list-column.ts';
import { nodeDigests } from '../features/digests-node.ts';
import type { ModelInput } from '../models/card.ts';
import { checkInputs, inputWidth, placeNames, readInput } from '../models/inputs.ts';
import type { LabelledMatrix } from './matrix.ts';

export interface LabelledData {
  readonly data: LabelledMatrix;
  /** Group id per row. */
  readonly groups: Int32Array;
  readonly groupNames: readonly string[];
  readonly captures: readonly string[];
  readonly protocols: readonly string[];
  /** Responder's port per row, for the baseline that knows nothing else. */
  readonly ports: Float32Array;
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

export class LabelledRows {
  readonly leftOut: LeftOut = { unlabelled: 0, tooShort: 0, otherLabels: 0, otherProtocols: 0 };
  readonly #inputs: readonly ModelInput[];
  readonly #target: string;
  readonly #groupBy: string;
  readonly #minPayloadPackets: number;
  /** Protocols to keep; null for all. */
  readonly #spoken: readonly string[] | null;
  readonly #classes: readonly string[] | null;
  readonly #columns: number[][];
  readonly #labels: string[] = [];
  readonly #groups: string[] = [];
  readonly #ports: number[] = [];
  readonly #captures = new Set<string>();
  readonly #protocols = new Set<string>();

  /**
   * @param target the column that holds the label
   * @param groupBy the column whose values must not be on both sides of a split
   * @param classes the labels to keep, in order; null for those that occur
   */
  constructor(
    inputs: readonly ModelInput[],
    target: string,
    groupBy: string,
    scope: { readonly minPayloadPackets: number; readonly protocols?: readonly string[] },
    classes: readonly string[] | null,
  ) {
    this.#inputs = inputs;
    this.#target = target;
    this.#groupBy = groupBy;
    this.#minPayloadPackets = scope.minPayloadPackets;
    this.#spoken = scope.protocols ?? null;
    this.#classes = classes;
    this.#columns = Array.from({ length: inputWidth(inputs) }, () => []);
  }

  get rows(): number {
    return this.#labels.length;
  }

  /** @throws FlowlampError SCHEMA_MISMATCH or COLUMN_MISSING */
  add(name: string, specs: readonly ColumnSpec[], table: Table): void {
    checkInputs('this version of flowlamp', this.#inputs, name, specs, nodeDigests);
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
    let at = 0;
    for (const input of this.#inputs) {
      const width = input.list?.length ?? 1;
      const values = new Float32Array(table.length * width);
      readInput(table.columns.get(input.name)!, input, table.length, (row, item, value) => {
        values[row * width + item] = value;
      });
      for (let item = 0; item < width; item++) {
        const column = this.#columns[at++]!;
        for (const row of kept) column.push(values[row * width + item]!);
      }
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
    return {
      data: {
        matrix: {
          rows: this.rows,
          names: placeNames(this.#inputs),
          columns: this.#columns.map((column) => Float32Array.from(column)),
        },
        labels: Int32Array.from(this.#labels, (label) => classIds.get(label)!),
        classNames,
      },
      groups: Int32Array.from(this.#groups, (group) => groupIds.get(group)!),
      groupNames,
      captures: [...this.#captures].sort(),
      protocols: [...this.#protocols].sort(),
      ports: Float32Array.from(this.#ports),
    };
  }

  #keep(label: string | null, table: Table, row: number): boolean {
    const payloads = number(table, 'fwd_payload_packets', row) + number(table, 'bwd_payload_packets', row);
    const protocol = textCell(table, 'protocol', row);
    if (label === null || label === '') this.leftOut.unlabelled++;
    else if (this.#classes?.includes(label) === false) this.leftOut.otherLabels++;
    else if (protocol !== null && this.#spoken?.includes(protocol) === false) this.leftOut.otherProtocols++;
    else if (payloads < this.#minPayloadPackets) this.leftOut.tooShort++;
    else return true;
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

/** `Mining` and `mining` would silently be two classes. */
function refuseCaseTwins(classNames: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const name of classNames) {
    const twin = seen.get(name.trim().toLowerCase());
    if (twin !== undefined) {
      throw new FlowlampError(ErrorCode.LabelsUnusable, {
        happened: `the labels "${twin}" and "${name}" differ only in case or blanks`,
        expected: 'one spelling for each class',
        action: 'correct the labels',
      });
    }
    seen.set(name.trim().toLowerCase(), name);
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

function cellText(column: Column, row: number): string {
  if (column.type === 'utf8') return textAt(column, row) ?? '';
  if (column.type === 'list_utf8') return String(textListAt(column, row) ?? '');
  return 'values' in column ? String(column.values[row] ?? '') : '';
}

function number(table: Table, name: string, row: number): number {
  return (table.columns.get(name) as ScalarColumn<'uint32'> | undefined)?.values[row] ?? 0;
}
