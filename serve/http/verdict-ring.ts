/**
 * The verdicts and alerts of late, bounded in number and in bytes. Each has a sequence number, which only grows, over restarts,
 * too: whoever saw number N asks for what came after it.
 *
 * Rows come in tables, which are kept packed; to make JSON of a row that nobody asks for would cost more than the model.
 */
import { PackedColumns } from '../../core/packed-columns.ts';
import { type Column, isNull, type Table } from '../../core/table.ts';
import type { Alert, JudgedRows } from '../live/items.ts';
import { Row } from '../records/row.ts';
import { type KeyedColumn, keyedColumns, rowJson } from './row-json.ts';

export type RecentKind = 'verdict' | 'alert';

/** What a row is found by. */
export interface RecentFacts {
  readonly verdict: string | null;
  readonly score: number;
  readonly risk: number;
  /** Addresses, and the server's name. */
  readonly hosts: readonly string[];
  readonly flowId: number | null;
  readonly part: number | null;
  readonly rowKind: string | null;
  readonly capture: string | null;
}

export interface RecentRow {
  readonly sequence: number;
  readonly kind: RecentKind;
  readonly facts: RecentFacts;
  /** An object of JSON: `sequence`, of alerts `alert`, and all columns. */
  json(): string;
}

export interface RecentFilter {
  readonly kind?: RecentKind;
  readonly verdict?: string;
  readonly minScore?: number;
  readonly minRisk?: number;
  /** An address, or the name of a server. */
  readonly host?: string;
}

/** Which flow is meant. Of several rows the newest. */
export interface RowChoice {
  readonly sequence?: number;
  readonly flowId: number;
  readonly part?: number;
  readonly rowKind?: string;
  readonly capture?: string;
}

export interface RingOptions {
  /** Rows kept. */
  readonly rows?: number;
  /** Bytes that they take, about. */
  readonly bytes?: number;
  /** Default microseconds since 1970: fewer than a million rows per second come, so numbers of a later run are higher. */
  readonly firstSequence?: number;
}

export const RING_DEFAULTS = { rows: 10_000, bytes: 64 * 1024 * 1024 } as const;

/** Of a column that is not packed: its typed arrays, besides what they hold. */
const COLUMN_BYTES = 400;

interface Chunk {
  readonly first: number;
  readonly rows: number;
  readonly bytes: number;
  /** Reads rows; what it had to make for that goes with it. */
  open(): ReadRow;
}

type ReadRow = (row: number) => RecentRow;

export class VerdictRing {
  readonly #most: { readonly rows: number; readonly bytes: number };
  readonly #chunks: Chunk[] = [];
  readonly #listeners = new Set<() => void>();
  #bytes = 0;
  /** What was read last: rows are mostly asked for in order. */
  #opened: { readonly chunk: Chunk; readonly read: ReadRow } | null = null;
  #next: number;
  #oldest: number;

  constructor({ rows, bytes, firstSequence = Date.now() * 1000 }: RingOptions = {}) {
    this.#most = { rows: rows ?? RING_DEFAULTS.rows, bytes: bytes ?? RING_DEFAULTS.bytes };
    this.#next = firstSequence;
    this.#oldest = firstSequence;
  }

  /** The number of the newest row; one less than the first where there was none yet. */
  get newest(): number {
    return this.#next - 1;
  }

  /** The number of the oldest row that is kept; that of the next where there is none. */
  get oldest(): number {
    return this.#oldest;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Takes rows, or an alert. Tables are kept, and must not change. */
  push(item: JudgedRows | Alert): void {
    const { rows: table } = item;
    if (table.length === 0) return;
    const first = this.#next;
    this.#next += table.length;
    this.#add(item.kind === 'alert' ? alertChunk(item, first) : tableChunk(table, first));
    this.#trim();
    for (const listener of this.#listeners) listener();
  }

  /** Calls back, once for each push, after it; must be quick and must not throw. */
  onPush(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * The newest rows that fit, newest first.
   *
   * @param after only those with higher numbers
   * @param before only those with lower numbers
   */
  newestFirst(filter: RecentFilter, limit: number, after = 0, before = Number.MAX_SAFE_INTEGER): RecentRow[] {
    const found: RecentRow[] = [];
    for (let c = this.#chunks.length - 1; c >= 0 && found.length < limit; c--) {
      const chunk = this.#chunks[c]!;
      if (chunk.first >= before) continue;
      const from = Math.max(this.#oldest, after + 1);
      if (chunk.first + chunk.rows <= from) break;
      for (let row = Math.min(chunk.rows, before - chunk.first) - 1; row >= 0 && found.length < limit; row--) {
        if (chunk.first + row < from) break;
        const recent = this.#read(chunk, row);
        if (fits(recent, filter)) found.push(recent);
      }
    }
    return found;
  }

  /** Looks at so many rows behind a number, oldest first; `upTo` is the number of the last that was looked at. */
  next(filter: RecentFilter, after: number, looked: number): { readonly rows: RecentRow[]; readonly upTo: number } {
    const rows: RecentRow[] = [];
    const from = Math.max(after + 1, this.#oldest);
    const end = Math.min(this.#next, from + looked);
    for (let c = this.#chunkOf(from), sequence = from; sequence < end; c++) {
      const chunk = this.#chunks[c]!;
      for (; sequence < end && sequence < chunk.first + chunk.rows; sequence++) {
        const recent = this.#read(chunk, sequence - chunk.first);
        if (fits(recent, filter)) rows.push(recent);
      }
    }
    return { rows, upTo: Math.max(after, end - 1) };
  }

  /** The row that is meant, null where it is not kept (any more). */
  find({ sequence, flowId, part, rowKind, capture }: RowChoice): RecentRow | null {
    const isMeant = ({ facts }: RecentRow) =>
      facts.flowId === flowId &&
      (part === undefined || facts.part === part) &&
      (rowKind === undefined || facts.rowKind === rowKind) &&
      (capture === undefined || facts.capture === capture);
    if (sequence !== undefined) {
      const row = this.newestFirst({}, 1, sequence - 1, sequence + 1)[0];
      return row !== undefined && isMeant(row) ? row : null;
    }
    for (let c = this.#chunks.length - 1; c >= 0; c--) {
      const chunk = this.#chunks[c]!;
      for (let row = chunk.rows - 1; row >= 0 && chunk.first + row >= this.#oldest; row--) {
        const recent = this.#read(chunk, row);
        if (isMeant(recent)) return recent;
      }
    }
    return null;
  }

  /** The chunk with a number; the one behind the last for the next number. */
  #chunkOf(sequence: number): number {
    let c = this.#chunks.length;
    while (c > 0 && this.#chunks[c - 1]!.first + this.#chunks[c - 1]!.rows > sequence) c--;
    return c;
  }

  #read(chunk: Chunk, row: number): RecentRow {
    if (this.#opened?.chunk !== chunk) this.#opened = { chunk, read: chunk.open() };
    return this.#opened.read(row);
  }

  #add(chunk: Chunk): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.bytes;
  }

  /** Numbers that are too many are forgotten one by one, their memory as soon as a whole table is. */
  #trim(): void {
    const { rows, bytes } = this.#most;
    this.#oldest = Math.max(this.#oldest, this.#next - rows);
    for (;;) {
      const chunk = this.#chunks[0]!;
      const isGone = chunk.first + chunk.rows <= this.#oldest;
      if (!isGone && (this.#bytes <= bytes || this.#chunks.length === 1)) return;
      this.#chunks.shift();
      this.#bytes -= chunk.bytes;
      this.#oldest = Math.max(this.#oldest, chunk.first + chunk.rows);
    }
  }
}

function fits({ kind, facts }: RecentRow, filter: RecentFilter): boolean {
  return (
    (filter.kind === undefined || filter.kind === kind) &&
    (filter.minScore === undefined || facts.score >= filter.minScore) &&
    (filter.minRisk === undefined || facts.risk >= filter.minRisk) &&
    (filter.verdict === undefined || facts.verdict === filter.verdict) &&
    (filter.host === undefined || facts.hosts.includes(filter.host.toLowerCase()))
  );
}

/** An alert is kept as text: its table has one row. */
function alertChunk(alert: Alert, first: number): Chunk {
  const { rows: table, reason, before, heldBack } = alert;
  const about = JSON.stringify({ reason, before, held_back: heldBack });
  const text = flat(rowJson(keyedColumns(table), 0, `"sequence":${first},"alert":${about},`));
  const recent: RecentRow = { sequence: first, kind: 'alert', facts: plainFacts(table, 0), json: () => text };
  return { first, rows: 1, bytes: text.length + COLUMN_BYTES, open: () => () => recent };
}

/** What was put together of many pieces holds on to them, which is several times its length, until it is looked at. */
function flat(text: string): string {
  return Buffer.from(text).toString();
}

function tableChunk(table: Table, first: number): Chunk {
  const kept = asleep(table);
  const open = (): ReadRow => {
    const awake = asleep(kept);
    let keyed: KeyedColumn[] | null = null;
    return (row) => ({
      sequence: first + row,
      kind: 'verdict',
      facts: new LazyFacts(awake, row),
      json: () => {
        keyed ??= keyedColumns(awake);
        return rowJson(keyed, row, `"sequence":${first + row},`);
      },
    });
  };
  return { first, rows: table.length, bytes: bytesOf(kept), open };
}

/** The table without what readers of it have made. */
function asleep({ specs, columns, length }: Table): Table {
  return { specs, columns: columns instanceof PackedColumns ? columns.asleep() : columns, length };
}

function bytesOf({ columns }: Table): number {
  const [packed, others] = columns instanceof PackedColumns ? [columns.packedBytes, columns.added] : [0, columns];
  let bytes = packed;
  for (const column of others.values()) bytes += COLUMN_BYTES + columnBytes(column);
  return bytes;
}

function columnBytes(column: Column): number {
  if (column.type === 'findings') return column.values.length * FINDING_BYTES;
  const { valid } = column;
  if ('values' in column) return valid.byteLength + column.values.byteLength;
  const bytes = valid.byteLength + column.offsets.byteLength;
  if ('items' in column) return bytes + column.items.byteLength;
  return bytes + column.bytes.byteLength + ('itemOffsets' in column ? column.itemOffsets.byteLength : 0);
}

/** Of a row: three findings, each a sentence. */
const FINDING_BYTES = 600;

/** Reads what it is asked for. */
class LazyFacts implements RecentFacts {
  readonly #row: Row;
  readonly #table: Table;
  readonly #index: number;

  constructor(table: Table, index: number) {
    this.#row = new Row(table, index);
    this.#table = table;
    this.#index = index;
  }

  get verdict(): string | null {
    return this.#row.text('verdict') ?? null;
  }

  get score(): number {
    return this.#row.number('score') ?? 0;
  }

  get risk(): number {
    return this.#row.number('risk') ?? 0;
  }

  get hosts(): readonly string[] {
    return ['src_ip', 'dst_ip', 'sni'].flatMap((name) => this.#row.text(name)?.toLowerCase() ?? []);
  }

  get flowId(): number | null {
    const column = this.#table.columns.get('flow_id');
    if (column?.type !== 'uint53' || isNull(column, this.#index)) return null;
    return column.values[this.#index]!;
  }

  get part(): number | null {
    return this.#row.number('part') ?? null;
  }

  get rowKind(): string | null {
    return this.#row.text('row_kind') ?? null;
  }

  get capture(): string | null {
    return this.#row.text('capture') ?? null;
  }
}

/** The same, of a table that is not kept. */
function plainFacts(table: Table, row: number): RecentFacts {
  const { verdict, score, risk, hosts, flowId, part, rowKind, capture } = new LazyFacts(table, row);
  return { verdict, score, risk, hosts, flowId, part, rowKind, capture };
}
