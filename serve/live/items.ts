/** What the sidecar hands to its sinks: judged rows, alerts, and records of its own. */
import type { Table } from '../../core/table.ts';
import type { ModelFacts } from '../records/row.ts';

/** Rows with the columns of verdicts, in the order in which they were judged. Nobody changes them. */
export interface JudgedRows {
  readonly kind: 'rows';
  /** `specs` are the columns of flows and those of verdicts (withVerdictColumns). */
  readonly rows: Table;
  readonly model: ModelFacts;
}

export const AlertReason = {
  /** The first verdict of the kind between these hosts, or the first after a silence. */
  New: 'new',
  /** The flow had another verdict before. */
  Changed: 'changed',
  /** The quiet period between these hosts is not over, but it got worse: a higher risk, or a proof of another kind. */
  Escalated: 'escalated',
} as const;
export type AlertReason = (typeof AlertReason)[keyof typeof AlertReason];

/** One row that somebody should look at. */
export interface Alert {
  readonly kind: 'alert';
  /** The row, alone in its table. */
  readonly rows: Table;
  readonly model: ModelFacts;
  readonly reason: AlertReason;
  /** What the flow was called before, null where it was not judged. */
  readonly before: string | null;
  /** Alerts between the same hosts that were held back since the last one. */
  readonly heldBack: number;
}

/** What else the sidecar has to say, as an object of JSON. */
export interface SidecarRecord {
  readonly kind: 'record';
  readonly record: 'change' | 'host' | 'drift' | 'status';
  /** RFC 3339, UTC: packet time of what is told of flows and hosts, else the wall clock's. */
  readonly time: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export type Item = JudgedRows | Alert | SidecarRecord;
export type ItemKind = Item['kind'];

/** Bytes that an item is taken to hold, for bounds: of rows what their columns hold, roughly. */
export function itemBytes(item: Item): number {
  return item.kind === 'record' ? RECORD_BYTES : ROW_BYTES * Math.max(1, item.rows.length);
}

/** Verdicts that an item tells of, each counted once: none of a record of the sidecar's own. */
export function itemRows(item: Item): number {
  return item.kind === 'record' ? 0 : item.rows.length;
}

/** Of a row with all columns; text makes it more or less. */
const ROW_BYTES = 2_048;
const RECORD_BYTES = 1_024;
