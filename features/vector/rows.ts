/** Makes rows of flows and hands them on in batches. */
import type { Digests } from '../../core/digest.ts';
import { LIMITS } from '../../core/limits.ts';
import { createTable, type Table, type TextListColumn } from '../../core/table.ts';
import { appendText, type TextColumn } from '../../core/text-column.ts';
import { type COUNTS, fillCounts } from './counts.ts';
import { type FLAGS, fillFlags } from './flags.ts';
import type { FlowRow } from './flow-row.ts';
import { fillIdentity, type IDENTITY } from './identity.ts';
import { FEATURES, type TRUTH } from './schema.ts';
import { fillSequence, type SEQUENCE } from './sequence.ts';
import { fillSizes, type SIZES } from './sizes.ts';
import type { ColumnsOf } from './spec.ts';
import { fillTimes, type TIMES } from './times.ts';
import { fillTls, type TLS } from './tls.ts';
import { fillTunnel, type TUNNEL } from './tunnel.ts';

type AllColumns = ColumnsOf<
  typeof IDENTITY &
    typeof TUNNEL &
    typeof COUNTS &
    typeof SIZES &
    typeof TIMES &
    typeof FLAGS &
    typeof SEQUENCE &
    typeof TLS &
    typeof TRUTH
>;

/** Receives a batch of rows. The table is borrowed: it is filled again after the call returns. */
export type BatchReceiver = (batch: Table) => void;

export class FlowRows {
  readonly #digests: Digests;
  readonly #receive: BatchReceiver;
  readonly #batch: Table;
  readonly #columns: AllColumns;
  /** Columns whose rows are runs of bytes, or lists of such runs. */
  readonly #texts: readonly (TextColumn | TextListColumn)[];
  /** Rows made so far. */
  count = 0;

  constructor(digests: Digests, receive: BatchReceiver, batchRows: number = LIMITS.batchRows) {
    this.#digests = digests;
    this.#receive = receive;
    this.#batch = createTable(FEATURES, batchRows);
    this.#columns = Object.fromEntries(this.#batch.columns) as unknown as AllColumns;
    this.#texts = [...this.#batch.columns.values()].filter(
      (column) => column.type === 'utf8' || column.type === 'list_utf8',
    );
    this.#clear(batchRows);
  }

  append(flow: FlowRow): void {
    const row = this.#batch.length++;
    const columns = this.#columns;
    // A text that no group writes is null, and the next row's begins where it stands.
    for (const { offsets } of this.#texts) offsets[row + 1] = offsets[row]!;
    fillIdentity(columns, row, flow, this.#digests);
    fillTunnel(columns, row, flow);
    fillCounts(columns, row, flow);
    fillSizes(columns, row, flow);
    fillTimes(columns, row, flow);
    fillFlags(columns, row, flow);
    fillSequence(columns, row, flow);
    fillTls(columns, row, flow);
    appendText(columns.label, row, flow.label);
    this.count++;
    if (this.#batch.length === columns.flow_id.values.length) this.flush();
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
    for (const feature of FEATURES) {
      const column = this.#batch.columns.get(feature.name)!;
      if ('valid' in column) column.valid.fill(feature.nulls === '' ? 1 : 0, 0, rows);
      else column.values.fill(null, 0, rows);
    }
  }
}
