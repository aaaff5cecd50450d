/** The rows of highest risk among all that come, so many at most (`--top`). */

import { LIMITS } from '../core/limits.ts';
import { appendTableRows, createTable, type Table, takeTableRows } from '../core/table.ts';
import { type ModelFacts, Row } from '../serve/records/row.ts';

interface HeldRow {
  readonly table: Table;
  readonly row: number;
  /** -1 where there is none. */
  readonly risk: number;
  /** How sure the model is of the positive label: more among equal risks comes first. */
  readonly surety: number;
  /** Rows that came before: equal ones keep their order. */
  readonly order: number;
}

export class Riskiest {
  readonly most: number;
  readonly #positive: string | null;
  #held: HeldRow[] = [];
  #seen = 0;

  constructor(most: number, { positive }: Pick<ModelFacts, 'positive'>) {
    this.most = most;
    this.#positive = positive;
  }

  /** Rows that came. */
  get seen(): number {
    return this.#seen;
  }

  /** Takes rows of a scored table, which all have the same columns; those kept are copied. */
  add(table: Table): void {
    const least = this.#held.length < this.most ? null : this.#held.at(-1)!;
    const candidates = Array.from({ length: table.length }, (_, row) => this.#placed(table, row)).filter(
      (row) => least === null || byRisk(row, least) < 0,
    );
    if (candidates.length === 0) return;
    const kept = [...this.#held, ...candidates].sort(byRisk).slice(0, this.most);
    const isNew = new Set(candidates);
    const rows = kept.filter((row) => isNew.has(row)).map(({ row }) => row);
    const copy = takeTableRows(table, rows);
    let next = 0;
    this.#held = kept.map((row) => (isNew.has(row) ? { ...row, table: copy, row: next++ } : row));
    const tables = new Set(this.#held.map((row) => row.table)).size;
    if (tables > MOST_TABLES + this.most / LIMITS.batchRows) this.#gather();
  }

  /** The rows kept, riskiest first, in tables of at most as many rows as a batch has. */
  *tables(): Generator<Table> {
    for (let at = 0; at < this.#held.length; at += LIMITS.batchRows) {
      const rows = this.#held.slice(at, at + LIMITS.batchRows);
      const table = createTable(rows[0]!.table.specs, rows.length);
      for (const { table: from, row } of rows) appendTableRows(table, from, [row]);
      yield table;
    }
  }

  #placed(table: Table, row: number): HeldRow {
    const cells = new Row(table, row);
    const score = cells.number('score') ?? 0;
    const isFor = this.#positive === null || cells.text('predicted') === this.#positive;
    return { table, row, risk: cells.number('risk') ?? -1, surety: isFor ? score : -score, order: this.#seen++ };
  }

  /** Copies the rows kept together, so that what was copied with them and has lost its place is let go. */
  #gather(): void {
    const tables = [...this.tables()];
    const { batchRows } = LIMITS;
    this.#held = this.#held.map((row, i) => ({
      ...row,
      table: tables[Math.floor(i / batchRows)]!,
      row: i % batchRows,
    }));
  }
}

/** Tables with a few rows each that are still kept, before these rows are copied together. */
const MOST_TABLES = 64;

function byRisk(a: HeldRow, b: HeldRow): number {
  return b.risk - a.risk || b.surety - a.surety || a.order - b.order;
}
