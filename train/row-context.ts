/**
 * What reports and baselines know of rows besides what a model reads: which flow a row is of and how much of it, where it
 * was seen, what name it asked for, and of a sample of rows the sequence of their messages.
 */
import { Prng } from '../core/prng.ts';
import { type ListColumn, numberCell, type ScalarColumn, type Table, textCell } from '../core/table.ts';
import { Dictionary, Growing } from '../datasets/growing.ts';

/** A row speaks of a whole flow (part), of its first packets, or of its first seconds (`--emit`). */
export const RowKind = { End: 0, Prefix: 1, Interval: 2 } as const;

/** What a person wants to see of a flow. */
export interface FlowNote {
  readonly capture: string;
  readonly flowId: string;
  readonly protocol: string;
  readonly sni: string | null;
  readonly port: number;
  readonly packets: number;
  readonly bytes: number;
  readonly durationUs: number;
  /** Payload of the first messages: positive from the initiator; empty where the table has none. */
  readonly sizes: Int32Array;
  /** When each was captured, from the first packet of the part. */
  readonly timesUs: Float64Array;
}

export interface RowContext {
  /** RowKind of each row. */
  readonly kinds: Uint8Array;
  readonly packets: Float64Array;
  readonly durationsUs: Float64Array;
  /** `flow_id` and `part` per row: with the capture, the same for all rows of one flow. */
  readonly flowIds: Float64Array;
  readonly parts: Int32Array;
  /** Number of the pair of addresses per row. */
  readonly pairs: Int32Array;
  readonly pairCount: number;
  /** Number of the capture per row. */
  readonly captures: Int32Array;
  readonly captureNames: readonly string[];
  /** Number of the name that the flow asked for (SNI) per row; `names[0]` is '' for none. */
  readonly snis: Int32Array;
  readonly names: readonly string[];
  /** When the first and the last flow began, microseconds since 1970; null where the tables do not say. */
  readonly fromUs: number | null;
  readonly toUs: number | null;
  /** Of up to NOTED_ROWS rows, drawn evenly from all, in rising order. */
  readonly notedRows: Int32Array;
  /** One per noted row. */
  readonly notes: readonly FlowNote[];
  /** Prefix rows that are too short for the model to speak of, by their number of packets. */
  readonly shortPrefixes: ReadonlyMap<number, number>;
}

/** Rows whose sequences are kept: at most 32 messages each, so about 10 MB. */
export const NOTED_ROWS = 10_000;

export class RowContextCollector {
  readonly #kinds = new Growing(new Uint8Array(0));
  readonly #packets = new Growing(new Float64Array(0));
  readonly #durations = new Growing(new Float64Array(0));
  readonly #flowIds = new Growing(new Float64Array(0));
  readonly #parts = new Growing(new Int32Array(0));
  readonly #pairs = new Growing(new Int32Array(0));
  readonly #captures = new Growing(new Int32Array(0));
  readonly #snis = new Growing(new Int32Array(0));
  readonly #pairNames = new Dictionary();
  readonly #captureNames = new Dictionary();
  readonly #names = new Dictionary();
  readonly #noted: { row: number; note: FlowNote }[] = [];
  readonly #random = new Prng('noted rows');
  readonly #shortPrefixes = new Map<number, number>();
  #row = 0;
  #fromUs = Number.POSITIVE_INFINITY;
  #toUs = Number.NEGATIVE_INFINITY;

  constructor() {
    this.#names.numberOf('');
  }

  /** @param kept the rows of the table that are used, in order */
  add(from: string, table: Table, kept: readonly number[]): void {
    const times = table.columns.get('first_seen') as ScalarColumn<'timestamp_ns'> | undefined;
    for (const row of kept) {
      const capture = textCell(table, 'capture', row) ?? from;
      this.#kinds.push(kindOf(table, row));
      this.#packets.push(packetsOf(table, row));
      this.#durations.push(number(table, 'duration_us', row));
      // Rows of a table without flows are flows of their own.
      this.#flowIds.push(numberCell(table, 'flow_id', row) ?? -1 - this.#row);
      this.#parts.push(number(table, 'part', row));
      this.#pairs.push(this.#pairNames.numberOf(pairOf(table, row, capture)));
      this.#captures.push(this.#captureNames.numberOf(capture));
      this.#snis.push(this.#names.numberOf((textCell(table, 'sni', row) ?? '').toLowerCase()));
      if (times !== undefined && times.valid[row] !== 0) {
        const us = Number(times.values[row]! / 1000n);
        this.#fromUs = Math.min(this.#fromUs, us);
        this.#toUs = Math.max(this.#toUs, us);
      }
      this.#offer(table, row, capture);
      this.#row++;
    }
  }

  /** Counts a row that is too short for the model. */
  addShort(table: Table, row: number): void {
    if (kindOf(table, row) !== RowKind.Prefix) return;
    const packets = packetsOf(table, row);
    this.#shortPrefixes.set(packets, (this.#shortPrefixes.get(packets) ?? 0) + 1);
  }

  finish(): RowContext {
    const noted = this.#noted.sort((a, b) => a.row - b.row);
    return {
      kinds: this.#kinds.values,
      packets: this.#packets.values,
      durationsUs: this.#durations.values,
      flowIds: this.#flowIds.values,
      parts: this.#parts.values,
      pairs: this.#pairs.values,
      pairCount: this.#pairNames.size,
      captures: this.#captures.values,
      captureNames: this.#captureNames.texts,
      snis: this.#snis.values,
      names: this.#names.texts,
      fromUs: Number.isFinite(this.#fromUs) ? this.#fromUs : null,
      toUs: Number.isFinite(this.#toUs) ? this.#toUs : null,
      notedRows: Int32Array.from(noted, ({ row }) => row),
      notes: noted.map(({ note }) => note),
      shortPrefixes: this.#shortPrefixes,
    };
  }

  /** Reservoir sampling (Vitter's algorithm R, 1985): every row is kept with the same chance. */
  #offer(table: Table, row: number, capture: string): void {
    const place = this.#row < NOTED_ROWS ? this.#row : this.#random.below(this.#row + 1);
    if (place < NOTED_ROWS) this.#noted[place] = { row: this.#row, note: noteOf(table, row, capture) };
  }
}

function noteOf(table: Table, row: number, capture: string): FlowNote {
  return {
    capture,
    flowId: String(number(table, 'flow_id', row)),
    protocol: textCell(table, 'protocol', row) ?? '',
    sni: textCell(table, 'sni', row),
    port: number(table, 'dst_port', row),
    packets: packetsOf(table, row),
    bytes: number(table, 'fwd_bytes', row) + number(table, 'bwd_bytes', row),
    durationUs: number(table, 'duration_us', row),
    sizes: Int32Array.from(listOf(table, 'payload_sizes', row)),
    timesUs: Float64Array.from(listOf(table, 'payload_times_us', row)),
  };
}

function kindOf(table: Table, row: number): number {
  const kind = textCell(table, 'row_kind', row);
  return kind === 'prefix' ? RowKind.Prefix : kind === 'interval' ? RowKind.Interval : RowKind.End;
}

function packetsOf(table: Table, row: number): number {
  return number(table, 'fwd_packets', row) + number(table, 'bwd_packets', row);
}

/** Either direction is the same pair; private addresses mean the same host only within a capture. */
function pairOf(table: Table, row: number, capture: string): string {
  const ends = [textCell(table, 'src_ip', row), textCell(table, 'dst_ip', row)].map((end) => end ?? '').sort();
  return `${capture} ${ends.join(' ')}`;
}

function listOf(table: Table, name: string, row: number): Int32Array | Float64Array {
  const column = table.columns.get(name);
  if (column?.type !== 'list_int32' && column?.type !== 'list_float64') return new Int32Array(0);
  const { offsets, items, valid } = column as ListColumn;
  return valid[row] === 0 ? new Int32Array(0) : items.slice(offsets[row]!, offsets[row + 1]!);
}

function number(table: Table, name: string, row: number): number {
  return numberCell(table, name, row) ?? 0;
}
