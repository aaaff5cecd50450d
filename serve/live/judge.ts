/** From rows to what the sidecar has to say of them: verdicts, changes, alerts, drift, hosts; in that order, and counted. */
import { type Table, textCell } from '../../core/table.ts';
import { FEATURES } from '../../features/vector/schema.ts';
import type { AlertDesk } from '../alerts/alert-desk.ts';
import type { VerdictHistory } from '../alerts/verdict-history.ts';
import type { DriftWatch } from '../drift/drift-watch.ts';
import { UNKNOWN, type Verdict } from '../verdict.ts';
import { withVerdicts } from '../verdict-columns.ts';
import type { HostRecords } from './host-records.ts';
import type { Alert, Item, JudgedRows } from './items.ts';
import type { ModelHolder } from './model-holder.ts';

export interface JudgeParts {
  readonly holder: ModelHolder;
  readonly history: VerdictHistory;
  readonly desk: AlertDesk;
  readonly drift: DriftWatch;
  /** Null where hosts are not told of. */
  readonly hosts: HostRecords | null;
}

/** What became of rows. */
export interface Judged {
  readonly rows: JudgedRows;
  readonly alerts: readonly Alert[];
  /** All there is to say, the rows and alerts included. */
  readonly items: readonly Item[];
  /** Time that the model took, ms. */
  readonly scoredMs: number;
}

/** Rows of late that the share of unknown ones is of: a decayed count. */
const LATE_ROWS = 10_000;

export class Judge {
  readonly #parts: JudgeParts;
  readonly #verdicts: Record<string, number> = {};
  readonly #kinds: Record<string, number> = { end: 0, prefix: 0, interval: 0 };
  #lateRows = 0;
  #lateUnknown = 0;

  constructor(parts: JudgeParts) {
    this.#parts = parts;
  }

  /** Rows judged, by verdict and by kind. */
  get counts(): {
    readonly verdicts: Readonly<Record<string, number>>;
    readonly kinds: Readonly<Record<string, number>>;
  } {
    return { verdicts: this.#verdicts, kinds: this.#kinds };
  }

  /** Share of rows of late that the model abstained from; null before there are any. */
  get unknownRatio(): number | null {
    return this.#lateRows === 0 ? null : this.#lateUnknown / this.#lateRows;
  }

  /** @param table rows with all columns, the judge's to keep */
  async take(table: Table): Promise<Judged> {
    const { holder, history, desk, drift, hosts } = this.#parts;
    const model = holder.card;
    const began = performance.now();
    const verdicts = await holder.score('live rows', FEATURES, table);
    const scoredMs = performance.now() - began;
    const rows: JudgedRows = { kind: 'rows', rows: withVerdicts(FEATURES, table, verdicts), model };
    this.#count(table, verdicts);
    const { turns, records: changes } = history.take(rows);
    const { alerts, records: told } = desk.take(rows, turns);
    const items: Item[] = [rows, ...changes, ...alerts, ...told, ...drift.take(rows), ...(hosts?.take(rows) ?? [])];
    return { rows, alerts, items, scoredMs };
  }

  /** What there is left to say at the end. */
  finish(): Item[] {
    const { drift, hosts } = this.#parts;
    return [...drift.finish(), ...(hosts?.finish() ?? [])];
  }

  #count(table: Table, verdicts: readonly Verdict[]): void {
    verdicts.forEach(({ verdict }, row) => {
      this.#verdicts[verdict] = (this.#verdicts[verdict] ?? 0) + 1;
      this.#lateRows++;
      if (verdict === UNKNOWN) this.#lateUnknown++;
      const kind = textCell(table, 'row_kind', row) ?? 'end';
      this.#kinds[kind] = (this.#kinds[kind] ?? 0) + 1;
    });
    if (this.#lateRows <= LATE_ROWS) return;
    this.#lateUnknown /= 2;
    this.#lateRows /= 2;
  }
}
