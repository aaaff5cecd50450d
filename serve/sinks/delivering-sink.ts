/**
 * A sink that delivers what it was offered, one delivery at a time and in order; what fails is tried again with back-off, and
 * everything is counted. Offering costs a push to a queue, whatever the destination does.
 */
import { type Item, itemBytes } from '../live/items.ts';
import type { Sink, SinkCounters } from '../live/sink.ts';
import { BackOff, type BackOffTimes } from './back-off.ts';
import { Bell } from './bell.ts';
import { Deadline } from './deadline.ts';
import { type Destination, Refused, TryLater, troubleText } from './destination.ts';
import type { BatchSize } from './held-items.ts';
import { SINK_LIMITS } from './limits.ts';
import { FullPolicy } from './policy.ts';
import { type QueueOptions, SinkQueue } from './queue.ts';

export interface DeliveryOptions {
  readonly name: string;
  readonly wants: (item: Item) => boolean;
  readonly queue: QueueOptions;
  readonly batch?: BatchSize;
  /** How long a delivery waits for more items, ms. */
  readonly lingerMs?: number;
  /** Of an attempt, ms. */
  readonly timeoutMs?: number;
  readonly backOff?: BackOffTimes;
  readonly random?: () => number;
}

/** A sink that can be told that its file was moved (logrotate). */
export interface OpenSink extends Sink {
  /** Begins its file anew, where it has one. Does not wait for it. */
  reopen(): void;
}

export class DeliveringSink<P> implements OpenSink {
  readonly name: string;
  readonly isBlocking: boolean;
  readonly #wants: (item: Item) => boolean;
  readonly #destination: Destination<P>;
  readonly #queue: SinkQueue<P>;
  readonly #batch: BatchSize;
  readonly #lingerMs: number;
  readonly #timeoutMs: number;
  readonly #backOff: BackOff;
  readonly #bell = new Bell();
  /** Items in memory from which on the bell is rung. */
  #awaited = 1;
  #isDraining = false;
  #isReopening = false;
  readonly #giveUp = new AbortController();
  /** True while a call of the destination has not come back. */
  #isCalling = false;
  readonly #running: Promise<void>;
  #drained: Promise<void> | null = null;
  readonly #deadline = new Deadline();
  #retries = 0;
  #trouble: string | null = null;

  constructor(destination: Destination<P>, options: DeliveryOptions) {
    this.name = options.name;
    this.isBlocking = options.queue.policy === FullPolicy.Block;
    this.#wants = options.wants;
    this.#destination = destination;
    this.#queue = new SinkQueue(destination, options.queue, () => {
      if (this.#queue.readyInMemory >= this.#awaited || this.#queue.readyInMemory === 0) this.#bell.ring();
    });
    this.#batch = options.batch ?? { items: SINK_LIMITS.batchItems, bytes: SINK_LIMITS.batchBytes };
    this.#lingerMs = options.lingerMs ?? 0;
    this.#timeoutMs = options.timeoutMs ?? SINK_LIMITS.timeoutSeconds * 1000;
    this.#backOff = new BackOff(options.backOff, options.random);
    this.#running = this.#run();
  }

  offer(item: Item): void {
    if (this.#wants(item)) this.#queue.offer(item);
  }

  room(item: Item | null = null, isEnd = false): Promise<void> | null {
    if (item === null) return this.#queue.room();
    return this.#wants(item) ? this.#queue.room(itemBytes(item), isEnd) : null;
  }

  get counters(): SinkCounters {
    const trouble = this.#trouble ?? this.#queue.trouble;
    return { ...this.#queue.counts, retries: this.#retries, trouble };
  }

  reopen(): void {
    this.#isReopening = true;
    this.#bell.ring();
  }

  drain(deadlineMs: number): Promise<void> {
    this.#deadline.set(deadlineMs);
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  async #drain(): Promise<void> {
    this.#isDraining = true;
    // What waits for its next attempt has it now.
    this.#backOff.reset();
    this.#bell.ring();
    await Promise.race([this.#running, this.#deadline.passed]);
    this.#deadline.clear();
    this.#giveUp.abort();
    this.#bell.ring();
    await within(SINK_LIMITS.surrenderMs, this.#queue.surrender());
  }

  async close(): Promise<void> {
    await this.drain(0);
    // One that hangs cannot be closed; its end is that of the process.
    if (!this.#isCalling) await this.#attempt(() => this.#destination.close());
    await within(SINK_LIMITS.surrenderMs, this.#queue.close());
  }

  async #run(): Promise<void> {
    while (!this.#hasGivenUp) {
      try {
        await this.#tend();
        if (this.#queue.isReady) await this.#deliverNext();
        else if (this.#isDraining && this.#queue.isEmpty) return;
        else await this.#idle();
      } catch (error) {
        // Nothing is known to come here; if it does, the sink goes on without what it had in hand.
        this.#trouble = troubleText(error);
        await this.#queue.refused();
        await this.#pause(this.#backOff.next());
      }
    }
  }

  get #hasGivenUp(): boolean {
    return this.#giveUp.signal.aborted;
  }

  async #idle(): Promise<void> {
    this.#awaited = 1;
    const due = this.#destination.wakeAt?.() ?? null;
    await this.#bell.wait(due === null ? null : due - Date.now());
    this.#awaited = Number.POSITIVE_INFINITY;
  }

  /** What is due by time, or was asked for. */
  async #tend(): Promise<void> {
    const { wakeAt, tend, reopen } = this.#destination;
    if (this.#isReopening) {
      this.#isReopening = false;
      if (reopen !== undefined) await this.#attempt(() => reopen.call(this.#destination));
    }
    const due = wakeAt?.call(this.#destination) ?? null;
    if (due !== null && tend !== undefined && due <= Date.now()) {
      const isDone = await this.#attempt(() => tend.call(this.#destination));
      if (!isDone) await this.#pause(this.#backOff.next());
    }
  }

  async #deliverNext(): Promise<void> {
    await this.#linger();
    const payloads = await this.#queue.take(this.#batch);
    while (!this.#hasGivenUp) {
      const outcome = payloads.length === 0 ? 'delivered' : await this.#send(payloads);
      if (this.#hasGivenUp) return;
      if (outcome === 'delivered') return this.#queue.delivered();
      if (outcome === 'refused') return this.#queue.refused();
      await this.#pause(outcome.afterMs);
      if (!this.#hasGivenUp) this.#retries++;
    }
  }

  /** More may come that can go along. */
  async #linger(): Promise<void> {
    const until = Date.now() + this.#lingerMs;
    this.#awaited = this.#batch.items;
    while (this.#queue.readyInMemory > 0 && this.#queue.readyInMemory < this.#batch.items && !this.#isDraining) {
      const left = until - Date.now();
      if (left <= 0) break;
      await this.#bell.wait(left);
    }
    this.#awaited = Number.POSITIVE_INFINITY;
  }

  /** One attempt. */
  async #send(payloads: readonly P[]): Promise<'delivered' | 'refused' | { readonly afterMs: number }> {
    const attempt = new AbortController();
    const timer = setTimeout(() => {
      this.#trouble = `no answer within ${this.#timeoutMs / 1000} s`;
      attempt.abort();
    }, this.#timeoutMs);
    const stop = () => attempt.abort();
    this.#giveUp.signal.addEventListener('abort', stop);
    try {
      await this.#call(() => this.#destination.send(payloads, attempt.signal));
      this.#backOff.reset();
      this.#trouble = null;
      this.#queue.trouble = null;
      return 'delivered';
    } catch (error) {
      if (!attempt.signal.aborted) this.#trouble = troubleText(error);
      if (error instanceof Refused) return 'refused';
      const asked = error instanceof TryLater ? Math.min(error.afterMs, SINK_LIMITS.retryAfterMs) : 0;
      return { afterMs: Math.max(asked, this.#backOff.next()) };
    } finally {
      clearTimeout(timer);
      this.#giveUp.signal.removeEventListener('abort', stop);
    }
  }

  /** @returns false where it failed, which `trouble` then says */
  async #attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await this.#call(work);
      return true;
    } catch (error) {
      this.#trouble = troubleText(error);
      return false;
    }
  }

  /** Comes back when the work does, or when the sink gives up: files cannot be told to stop. */
  async #call(work: () => Promise<void>): Promise<void> {
    this.#isCalling = true;
    const done = work().finally(() => {
      this.#isCalling = false;
    });
    if (this.#hasGivenUp) return done;
    let stop = () => {};
    const givenUp = new Promise<never>((_, reject) => {
      stop = () => reject(new Error('given up'));
      this.#giveUp.signal.addEventListener('abort', stop);
    });
    try {
      await Promise.race([done, givenUp]);
    } finally {
      this.#giveUp.signal.removeEventListener('abort', stop);
      done.catch(() => undefined);
    }
  }

  /** Until the next attempt; once shorter, when draining begins. */
  async #pause(ms: number): Promise<void> {
    const until = Date.now() + ms;
    const wasDraining = this.#isDraining;
    for (let left = ms; left > 0 && !this.#hasGivenUp; left = until - Date.now()) {
      if (this.#isDraining && !wasDraining) return;
      await this.#bell.wait(left);
    }
  }
}

/** Settles with the work, or after so long. */
async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
