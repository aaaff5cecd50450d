/** Makes rows of ended flows and hands them on in batches. */
import type { Digests } from '../../core/digest.ts';
import { LIMITS } from '../../core/limits.ts';
import {
  type Column,
  createTable,
  type ListColumn,
  type Table,
  type TextListColumn,
  takeTableRows,
  withColumns,
} from '../../core/table.ts';
import { appendText, type TextColumn } from '../../core/text-column.ts';
import type { FlowBlock } from '../flow/flow-block.ts';
import { type ACTIVITY, activityInto } from './activity.ts';
import { type BURSTS, burstsInto } from './bursts.ts';
import { type COUNTS, countsInto } from './counts.ts';
import { type DELIVERY, deliveryInto } from './delivery.ts';
import { type DIALOGUE, dialogueInto } from './dialogue.ts';
import { type DIVERSITY, diversityInto } from './diversity.ts';
import { FACT_NAMES } from './fact-columns.ts';
import { putFacts } from './facts.ts';
import { type FIRST_BYTES, firstBytesInto } from './first-bytes.ts';
import { type FLAGS, flagsInto } from './flags.ts';
import { type FillRow, FlowRow } from './flow-row.ts';
import { type HISTOGRAMS, histogramsInto } from './histograms.ts';
import { type IDENTITY, identityInto } from './identity.ts';
import { type PERIODICITY, periodicityInto } from './periodicity.ts';
import { type QUARTILES, quartilesInto } from './quartiles.ts';
import { type ROLES, rolesInto } from './roles.ts';
import { COLUMNS, FEATURES, type TRUTH } from './schema.ts';
import { type SEQUENCE, sequenceInto } from './sequence.ts';
import { type SIZES, sizesInto } from './sizes.ts';
import type { ColumnsOf, FeatureSpec } from './spec.ts';
import { type TIMES, timesInto } from './times.ts';

type FilledColumns = ColumnsOf<
  typeof IDENTITY &
    typeof COUNTS &
    typeof SIZES &
    typeof TIMES &
    typeof FLAGS &
    typeof SEQUENCE &
    typeof HISTOGRAMS &
    typeof QUARTILES &
    typeof DIVERSITY &
    typeof ACTIVITY &
    typeof BURSTS &
    typeof PERIODICITY &
    typeof DIALOGUE &
    typeof ROLES &
    typeof DELIVERY &
    typeof FIRST_BYTES &
    typeof TRUTH
>;

/** Receives a batch of rows. The table is borrowed: it is filled again after the call returns. */
export type BatchReceiver = (batch: Table) => void;

export interface RowOptions {
  /** Names of the columns that rows have, in any order; what only others need is not computed. Default FEATURES. */
  readonly columns?: readonly string[];
  /** Written into the `label` column of every row. */
  readonly label?: string | null;
}

/** Rows that there is room for at first: most captures are small, and a table of all columns is not. */
const FIRST_ROWS = 256;

export class FlowRows {
  readonly #receive: BatchReceiver;
  readonly #digests: Digests;
  readonly #flow: FlowRow;
  readonly #wanted: readonly FeatureSpec[];
  readonly #batchRows: number;
  /** The columns that are asked for, and those that are filled with them. */
  readonly #needed: readonly FeatureSpec[];
  #all: Table;
  /** Those that are asked for. */
  #batch: Table;
  #capacity: number;
  /** What fills each group of columns. */
  #fills: readonly FillRow[] = [];
  /** Columns that are filled with facts, by number; what is not needed is not written as a fact either. */
  #factColumns: readonly Column[] = [];
  /** Columns whose rows are runs: of bytes, of items, or of such runs. */
  #runs: readonly (TextColumn | ListColumn | TextListColumn)[] = [];

  /**
   * @param capture written into the `capture` column of flows that began in the first capture
   * @param receive gets the rows in batches, in the order in which flows came
   */
  constructor(
    capture: string,
    digests: Digests,
    receive: BatchReceiver,
    options: RowOptions = {},
    batchRows: number = LIMITS.batchRows,
  ) {
    const { columns: names } = options;
    this.#receive = receive;
    this.#digests = digests;
    this.#flow = new FlowRow(capture, options.label ?? null);
    this.#wanted = names === undefined ? FEATURES : COLUMNS.filter(({ name }) => names.includes(name));
    this.#batchRows = batchRows;
    const groups = new Set(this.#wanted.map(({ group }) => group).filter((group) => Object.hasOwn(FILLS, group)));
    const wanted = new Set(this.#wanted);
    this.#needed = COLUMNS.filter((spec) => wanted.has(spec) || groups.has(spec.group));
    this.#capacity = Math.min(FIRST_ROWS, batchRows);
    this.#all = createTable(this.#needed, this.#capacity);
    this.#batch = this.#bind(0);
  }

  /** Flows may come now that began in another capture, the one after those named so far. */
  nextCapture(name: string): void {
    this.#flow.captures.push(name);
  }

  /** Makes rows of all flows of a block, or of those from `from` to below `to`. */
  append(block: FlowBlock, from = 0, to: number = block.count): void {
    for (let i = from; i < to; i++) {
      this.#flow.turnTo(block, i);
      const row = this.#batch.length++;
      // A run that nobody writes is null, and the next row's begins where it stands.
      for (const { offsets } of this.#runs) offsets[row + 1] = offsets[row]!;
      for (const fill of this.#fills) fill(row, this.#flow);
      putFacts(this.#factColumns, row, block.facts, block.factEnds[i]!, block.factEnds[i + 1]!);
      if (this.#batch.length === this.#batchRows) this.flush();
      else if (this.#batch.length === this.#capacity) this.#grow();
    }
  }

  /** Hands on what there is. */
  flush(): void {
    if (this.#batch.length === 0) return;
    const rows = this.#batch.length;
    this.#receive(this.#batch);
    this.#batch.length = 0;
    this.#clear(0, rows);
  }

  #grow(): void {
    const { length } = this.#batch;
    this.#capacity = Math.min(2 * this.#capacity, this.#batchRows);
    const rows = Array.from({ length }, (_, row) => row);
    this.#all = takeTableRows(this.#all, rows, this.#capacity);
    this.#batch = this.#bind(length);
  }

  /** Finds the columns of the table, of which `rows` are filled, for those who fill them. */
  #bind(rows: number): Table {
    const { columns } = this.#all;
    const out = Object.fromEntries(columns) as unknown as FilledColumns;
    const groups = new Set(this.#needed.map(({ group }) => group));
    this.#fills = Object.entries(FILLS).flatMap(([group, fill]) =>
      groups.has(group) ? [fill(out, this.#digests)] : [],
    );
    this.#factColumns = FACT_NAMES.map((name) => columns.get(name)!);
    this.#runs = [...columns.values()].filter((column) => 'offsets' in column);
    this.#clear(rows, this.#capacity);
    const batch = withColumns(this.#all, this.#wanted);
    batch.length = rows;
    return batch;
  }

  /** Makes the rows `[from, to)` null again, except in columns that never are. */
  #clear(from: number, to: number): void {
    for (const { name, nulls } of this.#needed) {
      const column = this.#all.columns.get(name)!;
      if ('valid' in column) column.valid.fill(nulls === '' ? 1 : 0, from, to);
      else column.values.fill(null, from, to);
    }
  }
}

/** What fills each group of columns; the other groups are facts. */
const FILLS: Readonly<Record<string, (out: FilledColumns, digests: Digests) => FillRow>> = {
  identity: identityInto,
  counts: countsInto,
  sizes: sizesInto,
  times: timesInto,
  flags: flagsInto,
  sequence: sequenceInto,
  histograms: histogramsInto,
  quartiles: quartilesInto,
  diversity: diversityInto,
  activity: activityInto,
  bursts: burstsInto,
  periodicity: periodicityInto,
  dialogue: dialogueInto,
  roles: rolesInto,
  delivery: deliveryInto,
  payload: firstBytesInto,
  truth: (out) => (row, flow) => appendText(out.label, row, flow.label),
};
