/**
 * Counts flows by verdict. A flow may have several rows (parts that the active timeout cut, `--emit prefix:N` and
 * `interval:SECONDS`): it counts once, with the verdict of its last row. Bounded: only flows of which more rows may come
 * are remembered, and only within an input.
 */
import { LIMITS } from '../core/limits.ts';
import { type ScalarColumn, type Table, textCell } from '../core/table.ts';
import type { Verdict } from '../serve/verdict.ts';

/** What a tally holds between two inputs. */
export interface TallyState {
  readonly rows: number;
  /** Verdict -> flows whose last row has it. */
  readonly flows: Readonly<Record<string, number>>;
  /** Verdicts that any row has. */
  readonly met: readonly string[];
}

export class VerdictTally {
  readonly #flows = new Map<string, number>();
  readonly #met = new Set<string>();
  #rows = 0;
  /** flow_id -> verdict of the last row so far, of flows of which more rows may come. */
  readonly #open = new Map<number, string>();

  constructor(before: TallyState = { rows: 0, flows: {}, met: [] }) {
    this.#rows = before.rows;
    for (const [verdict, count] of Object.entries(before.flows)) this.#flows.set(verdict, count);
    for (const verdict of before.met) this.#met.add(verdict);
  }

  get rows(): number {
    return this.#rows;
  }

  /** Verdict -> flows. */
  get flows(): ReadonlyMap<string, number> {
    return this.#flows;
  }

  /** Whether any row has one of these verdicts, also one that a later row of its flow took back. */
  hasMet(verdicts: readonly string[]): boolean {
    return verdicts.some((verdict) => this.#met.has(verdict));
  }

  /** Takes rows in the order in which they were made. A table without `flow_id` has one row per flow. */
  add(table: Table, verdicts: readonly Verdict[]): void {
    this.#rows += verdicts.length;
    const ids = (table.columns.get('flow_id') as ScalarColumn<'uint53'> | undefined)?.values;
    verdicts.forEach(({ verdict }, row) => {
      this.#met.add(verdict);
      const id = ids?.[row];
      const earlier = id === undefined ? undefined : this.#open.get(id);
      if (earlier !== undefined) this.#count(earlier, -1);
      this.#count(verdict, 1);
      if (id === undefined) return;
      if (!mayGoOn(table, row)) this.#open.delete(id);
      // Beyond the bound, later rows of a flow are counted as flows of their own.
      else if (earlier !== undefined || this.#open.size < LIMITS.flows) this.#open.set(id, verdict);
    });
  }

  /** The input is over: flows of another are other flows. */
  endInput(): void {
    this.#open.clear();
  }

  state(): TallyState {
    return { rows: this.#rows, flows: Object.fromEntries(this.#flows), met: [...this.#met] };
  }

  #count(verdict: string, by: number): void {
    const count = (this.#flows.get(verdict) ?? 0) + by;
    if (count === 0) this.#flows.delete(verdict);
    else this.#flows.set(verdict, count);
  }
}

/** False for the row of a flow's end; true for those before it and for a part that the active timeout cut. */
function mayGoOn(table: Table, row: number): boolean {
  const kind = textCell(table, 'row_kind', row);
  if (kind === null) return false;
  return kind !== 'end' || textCell(table, 'end_reason', row) === 'active';
}
