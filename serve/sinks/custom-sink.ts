/** A sink of a user's own among those of the sidecar, which must neither be held up nor broken by it. */
import type { Item } from '../live/items.ts';
import type { SinkCounters } from '../live/sink.ts';
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
  /** Delivers what waits, for so long at most; nobody waits longer. Nothing is offered afterwards. */
  drain?(deadlineMs: number): Promise<void>;
  /** Frees what it holds; after `drain`. */
  close?(): Promise<void>;
  /** Null where there is room; else settles when there is, for sources that can wait (files). Without it there always is. */
  room?(): Promise<void> | null;
}

export class CustomSinkGuard implements OpenSink {
  readonly name: string;
  readonly #sink: CustomSink;
  #delivered = 0;
  #dropped = 0;
  #trouble: string | null = null;

  constructor(sink: CustomSink) {
    this.name = sink.name;
    this.#sink = sink;
  }

  offer(item: Item): void {
    try {
      this.#sink.offer(item);
      this.#delivered++;
      this.#trouble = null;
    } catch (error) {
      this.#dropped++;
      this.#trouble = troubleText(error);
    }
  }

  room(): Promise<void> | null {
    try {
      return this.#sink.room?.()?.catch((error: unknown) => this.#note(error)) ?? null;
    } catch (error) {
      this.#note(error);
      return null;
    }
  }

  drain(deadlineMs: number): Promise<void> {
    return this.#within(deadlineMs, async () => this.#sink.drain?.(deadlineMs));
  }

  close(): Promise<void> {
    return this.#within(SINK_LIMITS.surrenderMs, async () => this.#sink.close?.());
  }

  /** There is no file to begin anew. */
  reopen(): void {}

  /** What it took counts as delivered: what it does with it, it says itself. */
  get counters(): SinkCounters {
    const [delivered, dropped] = [this.#delivered, this.#dropped];
    return {
      accepted: delivered + dropped,
      delivered,
      dropped,
      spilled: 0,
      retries: 0,
      waiting: 0,
      trouble: this.#trouble,
    };
  }

  #note(error: unknown): void {
    this.#trouble = troubleText(error);
  }

  async #within(ms: number, work: () => Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.#trouble = `not done within ${ms / 1000} s`;
        resolve();
      }, ms);
    });
    await Promise.race([work().catch((error: unknown) => this.#note(error)), late]);
    clearTimeout(timer);
  }
}
