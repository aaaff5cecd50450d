/** A sink of a user's own among those of the sidecar, which must neither be held up nor broken by it. */
import { type Item, itemRows } from '../live/items.ts';
import type { SinkCounters } from '../live/sink.ts';
import { Deadline } from './deadline.ts';
import type { OpenSink } from './delivering-sink.ts';
import { troubleText } from './destination.ts';
import { SINK_LIMITS } from './limits.ts';

/** What a program hands to the sidecar to have its items. */
export interface CustomSink {
  /** Unique among the sinks; a label of metrics. */
  readonly name: string;
  /**
   * Takes an item: rows with verdicts, an alert, or a record. Called in the sidecar's own thread, so it must be quick; what is
   * thrown is counted as an item lost.
   */
  offer(item: Item): void;
  /** Delivers what waits, for so long at most (Infinity: whatever it takes); nobody waits longer. Nothing is offered afterwards. */
  drain?(deadlineMs: number): Promise<void>;
  /** Frees what it holds; after `drain`. */
  close?(): Promise<void>;
  /**
   * Null where there is room; else settles when there is: files wait for it as long as it takes, live packets do not. Without it
   * there always is room.
   */
  room?(): Promise<void> | null;
}

export class CustomSinkGuard implements OpenSink {
  readonly name: string;
  /** It says when it has room, and the source can wait for that. */
  readonly isBlocking: boolean;
  readonly #sink: CustomSink;
  readonly #delivered = { items: 0, rows: 0 };
  readonly #dropped = { items: 0, rows: 0 };
  readonly #drainTime = new Deadline();
  #drained: Promise<void> | null = null;
  #trouble: string | null = null;

  constructor(sink: CustomSink, { sourceIsLive }: { readonly sourceIsLive: boolean }) {
    this.name = sink.name;
    this.isBlocking = !sourceIsLive && sink.room !== undefined;
    this.#sink = sink;
  }

  offer(item: Item): void {
    let outcome = this.#delivered;
    try {
      this.#sink.offer(item);
      this.#trouble = null;
    } catch (error) {
      outcome = this.#dropped;
      this.#note(error);
    }
    outcome.items++;
    outcome.rows += itemRows(item);
  }

  room(_?: Item | null, isEnd = false): Promise<void> | null {
    if (!this.isBlocking && !isEnd) return null;
    try {
      return this.#sink.room?.()?.catch((error: unknown) => this.#note(error)) ?? null;
    } catch (error) {
      this.#note(error);
      return null;
    }
  }

  drain(deadlineMs: number): Promise<void> {
    this.#drainTime.set(deadlineMs);
    this.#drained ??= this.#within(this.#drainTime, async () => this.#sink.drain?.(deadlineMs));
    return this.#drained;
  }

  close(): Promise<void> {
    const time = new Deadline();
    time.set(SINK_LIMITS.surrenderMs);
    return this.#within(time, async () => this.#sink.close?.());
  }

  /** There is no file to begin anew. */
  reopen(): void {}

  /** What it took counts as delivered: what it does with it, it says itself. */
  get counters(): SinkCounters {
    const [delivered, dropped] = [this.#delivered, this.#dropped];
    return {
      accepted: delivered.items + dropped.items,
      delivered: delivered.items,
      dropped: dropped.items,
      spilled: 0,
      retries: 0,
      waiting: 0,
      rows: {
        accepted: delivered.rows + dropped.rows,
        delivered: delivered.rows,
        dropped: dropped.rows,
        spilled: 0,
        waiting: 0,
      },
      trouble: this.#trouble,
    };
  }

  #note(error: unknown): void {
    this.#trouble = troubleText(error);
  }

  async #within(time: Deadline, work: () => Promise<void>): Promise<void> {
    await Promise.race([work().catch((error: unknown) => this.#note(error)), time.passed]);
    if (time.isPassed) this.#trouble = 'not done within its time';
    time.clear();
  }
}
