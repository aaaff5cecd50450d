/** Makes rows of ended flows and hands them on in batches. */
import type { Digests } from '../../core/digest.ts';
import { LIMITS } from '../../core/limits.ts';
import {
  type Column,
  createTable,
  type ListColumn,
  type Table,
  type TextListColumn,
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
import { COLUMNS, FEATURES, type TRUTH } from './schema.ts';
import { type SEQUENCE, sequenceInto } from './sequence.ts';
import { type SIZES, sizesInto } from './sizes.ts';
import type { ColumnsOf } from './spec.ts';
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

export class FlowRows {
  readonly #receive: BatchReceiver;
  readonly #flow: FlowRow;
  /** All columns there are; those that are not asked for are not filled. */
  readonly #all: Table;
  /** Those that are. */
  readonly #batch: Table;
  readonly #capacity: number;
  /** What fills each group of columns. */
  readonly #fills: readonly FillRow[];
  /** Columns that are filled with facts, by number. */
  readonly #factColumns: readonly Column[];
  /** Columns whose rows are runs: of bytes, of items, or of such runs. */
  readonly #runs: readonly (TextColumn | ListColumn | TextListColumn)[];

  /**
   * @param capture written into the `capture` column
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
    const wanted = names === undefined ? FEATURES : COLUMNS.filter(({ name }) => names.includes(name));
    this.#receive = receive;
    this.#flow = new FlowRow(capture, options.label ?? null);
    this.#capacity = batchRows;
    this.#all = createTable(COLUMNS, batchRows);
    this.#batch = withColumns(this.#all, wanted);
    this.#fills = fillsOf(this.#all, new Set(wanted.map(({ group }) => group)), digests);
    const { columns } = this.#all;
    this.#factColumns = FACT_NAMES.map((name) => columns.get(name)!);
    this.#runs = [...columns.values()].filter((column) => 'offsets' in column);
    this.#clear(batchRows);
  }

  /** Makes rows of all flows of a block. */
  append(block: FlowBlock): void {
    for (let i = 0; i < block.count; i++) {
      this.#flow.turnTo(block, i);
      const row = this.#batch.length++;
      // A run that nobody writes is null, and the next row's begins where it stands.
      for (const { offsets } of this.#runs) offsets[row + 1] = offsets[row]!;
      for (const fill of this.#fills) fill(row, this.#flow);
      putFacts(this.#factColumns, row, block.facts, block.factEnds[i]!, block.factEnds[i + 1]!);
      if (this.#batch.length === this.#capacity) this.flush();
    }
  }

  /** Hands on what there is. */
  flush(): void {
    if (this.#batch.length === 0) return;
    const rows = this.#batch.length;
    this.#receive(this.#batch);
    this.#batch.length = 0;
    this.#clear(rows);
  }

  /** Makes every row null again, except in columns that never are. */
  #clear(rows: number): void {
    for (const feature of COLUMNS) {
      const column = this.#all.columns.get(feature.name)!;
      if ('valid' in column) column.valid.fill(feature.nulls === '' ? 1 : 0, 0, rows);
      else column.values.fill(null, 0, rows);
    }
  }
}

/** What fills the groups that are asked for; groups of facts are filled with facts. */
function fillsOf(table: Table, groups: ReadonlySet<string>, digests: Digests): FillRow[] {
  const out = Object.fromEntries(table.columns) as unknown as FilledColumns;
  const fills: Readonly<Record<string, () => FillRow>> = {
    identity: () => identityInto(out, digests),
    counts: () => countsInto(out),
    sizes: () => sizesInto(out),
    times: () => timesInto(out),
    flags: () => flagsInto(out),
    sequence: () => sequenceInto(out),
    histograms: () => histogramsInto(out),
    quartiles: () => quartilesInto(out),
    diversity: () => diversityInto(out),
    activity: () => activityInto(out),
    bursts: () => burstsInto(out),
    periodicity: () => periodicityInto(out),
    dialogue: () => dialogueInto(out),
    delivery: () => deliveryInto(out),
    payload: () => firstBytesInto(out),
    truth: () => (row, flow) => appendText(out.label, row, flow.label),
  };
  return Object.entries(fills).flatMap(([group, fill]) => (groups.has(group) ? [fill()] : []));
}
