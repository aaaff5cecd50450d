/** Makes rows of ended flows and hands them on in batches. */
import type { Digests } from '../../core/digest.ts';
import { LIMITS } from '../../core/limits.ts';
import { type Column, createTable, type Table, type TextListColumn } from '../../core/table.ts';
import { appendText, type TextColumn } from '../../core/text-column.ts';
import type { FlowBlock } from '../flow/flow-block.ts';
import { type COUNTS, fillCounts } from './counts.ts';
import { FACT_NAMES } from './fact-columns.ts';
import { putFacts } from './facts.ts';
import { type FLAGS, fillFlags } from './flags.ts';
import { FlowRow } from './flow-row.ts';
import { fillIdentity, type IDENTITY } from './identity.ts';
import { FEATURES, type TRUTH } from './schema.ts';
import { fillSequence, type SEQUENCE } from './sequence.ts';
import { fillSizes, type SIZES } from './sizes.ts';
import type { ColumnsOf } from './spec.ts';
import { fillTimes, type TIMES } from './times.ts';

type FilledColumns = ColumnsOf<
  typeof IDENTITY & typeof COUNTS & typeof SIZES & typeof TIMES & typeof FLAGS & typeof SEQUENCE & typeof TRUTH
>;

/** Receives a batch of rows. The table is borrowed: it is filled again after the call returns. */
export type BatchReceiver = (batch: Table) => void;

export class FlowRows {
  readonly #digests: Digests;
  readonly #receive: BatchReceiver;
  readonly #flow: FlowRow;
  readonly #batch: Table;
  readonly #columns: FilledColumns;
  /** Columns that are filled with facts, by number. */
  readonly #factColumns: readonly Column[];
  /** Columns whose rows are runs of bytes, or lists of such runs. */
  readonly #texts: readonly (TextColumn | TextListColumn)[];

  /**
   * @param capture written into the `capture` column, as `label` into its own
   * @param receive gets the rows in batches, in the order in which flows came
   */
  constructor(
    capture: string,
    label: string | null,
    digests: Digests,
    receive: BatchReceiver,
    batchRows: number = LIMITS.batchRows,
  ) {
    this.#digests = digests;
    this.#receive = receive;
    this.#flow = new FlowRow(capture, label);
    this.#batch = createTable(FEATURES, batchRows);
    const { columns } = this.#batch;
    this.#columns = Object.fromEntries(columns) as unknown as FilledColumns;
    this.#factColumns = FACT_NAMES.map((name) => columns.get(name)!);
    this.#texts = [...columns.values()].filter((column) => column.type === 'utf8' || column.type === 'list_utf8');
    this.#clear(batchRows);
  }

  /** Makes rows of all flows of a block. */
  append(block: FlowBlock): void {
    for (let i = 0; i < block.count; i++) {
      this.#flow.turnTo(block, i);
      const row = this.#batch.length++;
      this.#fill(row);
      putFacts(this.#factColumns, row, block.facts, block.factEnds[i]!, block.factEnds[i + 1]!);
      if (this.#batch.length === this.#columns.flow_id.values.length) this.flush();
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

  #fill(row: number): void {
    const flow = this.#flow;
    const columns = this.#columns;
    // A text that nobody writes is null, and the next row's begins where it stands.
    for (const { offsets } of this.#texts) offsets[row + 1] = offsets[row]!;
    fillIdentity(columns, row, flow, this.#digests);
    fillCounts(columns, row, flow);
    fillSizes(columns, row, flow);
    fillTimes(columns, row, flow);
    fillFlags(columns, row, flow);
    fillSequence(columns, row, flow);
    appendText(columns.label, row, flow.label);
  }

  /** Makes every row null again, except in columns that never are. */
  #clear(rows: number): void {
    for (const feature of FEATURES) {
      const column = this.#batch.columns.get(feature.name)!;
      if ('valid' in column) column.valid.fill(feature.nulls === '' ? 1 : 0, 0, rows);
      else column.values.fill(null, 0, rows);
    }
  }
}
