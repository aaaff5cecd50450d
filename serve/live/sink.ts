/** What every sink is to the sidecar: it takes items, never throws at whoever offers them, and counts what becomes of them. */
import type { Item } from './items.ts';

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
  /** What went wrong last, in words; null after a delivery. */
  readonly trouble: string | null;
}

export interface Sink {
  /** Unique among the sinks of a sidecar; a label of metrics. */
  readonly name: string;
  /** Takes an item, or counts it as lost. Does not block and does not throw. */
  offer(item: Item): void;
  /** Null where there is room; else settles when there is, for sources that can wait (files). Only of policy `block`. */
  room(): Promise<void> | null;
  /** Delivers what waits, for so long at most. What is left then is lost and counted, or spilled. */
  drain(deadlineMs: number): Promise<void>;
  /** Frees files and sockets; after `drain`. */
  close(): Promise<void>;
  readonly counters: SinkCounters;
}
