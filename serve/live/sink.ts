/** What every sink is to the sidecar: it takes items, never throws at whoever offers them, and counts what becomes of them. */
import type { Item } from './items.ts';

/** What becomes of rows: as the counts of items of the same names. */
export interface SinkRows {
  readonly accepted: number;
  readonly delivered: number;
  readonly dropped: number;
  readonly spilled: number;
  readonly waiting: number;
}

/** At any time accepted = delivered + dropped + spilled + waiting, of items and of rows. */
export interface SinkCounters {
  /** Items that were offered and wanted. */
  readonly accepted: number;
  /** Items that reached their destination, which acknowledged them where it can. */
  readonly delivered: number;
  /** Items that were lost: the queue was full, or the destination refused them for good. */
  readonly dropped: number;
  /** Items that lie on disk until there is room. */
  readonly spilled: number;
  /** Deliveries that were tried again. */
  readonly retries: number;
  /** Items that wait. */
  readonly waiting: number;
  /** Rows in these items: a table is one item, an alert one row, a record none. */
  readonly rows: SinkRows;
  /** What went wrong last, in words; null after a delivery. */
  readonly trouble: string | null;
}

export interface Sink {
  /** Unique among the sinks of a sidecar; a label of metrics. */
  readonly name: string;
  /** Takes an item, or counts it as lost. Does not block and does not throw. */
  offer(item: Item): void;
  /** Policy `block`: the source can wait, and does. */
  readonly isBlocking: boolean;
  /**
   * Null where the item would push nothing out; else settles when something has left the queue, and there may be room. Only of
   * policy `block`, but at the end (`isEnd`) of any: then nobody is held up by waiting.
   */
  room(item?: Item | null, isEnd?: boolean): Promise<void> | null;
  /**
   * Delivers what waits, for so long at most. What is left then is lost and counted, or spilled. A later call may bring the
   * deadline forward, never put it off.
   *
   * @param deadlineMs Infinity for as long as it takes
   */
  drain(deadlineMs: number): Promise<void>;
  /** Frees files and sockets; after `drain`. */
  close(): Promise<void>;
  readonly counters: SinkCounters;
}
