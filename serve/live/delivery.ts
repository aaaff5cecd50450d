/**
 * Items to all sinks, and who waits for whom. While packets come that cannot wait, nobody is waited for. Where they can, sinks of
 * policy `block` are, for as long as it takes. At the end every sink is, so that a flush of all flows that live pushes nothing out of
 * a queue that is emptied all the while; until the time of the drain is over.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { Deadline } from '../sinks/deadline.ts';
import type { OpenSink } from '../sinks/delivering-sink.ts';
import { SINK_LIMITS } from '../sinks/limits.ts';
import type { Item } from './items.ts';

/** What has been offered last has so long to be delivered however long it took to judge it, ms. */
const LEAST_DRAIN_MS = 2_000;
/** Turns of the event loop that a sink needs to write what it has made into text. */
const WRITING_TURNS = 4;

export class Delivery {
  readonly #sinks: readonly OpenSink[];
  readonly #drainMs: number;
  /** No more packets come. */
  #isEnd = false;
  #isDraining = false;
  #isOver = false;
  /** Since the end began, for sinks that lose or spill what they have no room for. */
  readonly #deadline = new Deadline();
  /** Since it was to stop, for those that would rather have the source wait. */
  readonly #blockingDeadline = new Deadline();
  /** At the end, those that took nothing for half of the time: the others need the rest of it. */
  readonly #stalled = new Set<OpenSink>();

  /** @param drainMs what sinks have at the end, or after `stop` */
  constructor(sinks: readonly OpenSink[], drainMs: number) {
    this.#sinks = sinks;
    this.#drainMs = drainMs;
  }

  /** The source is over: what still comes are its last flows. */
  end(): void {
    if (this.#isOver) return;
    this.#isEnd = true;
    this.#deadline.set(this.#drainMs);
  }

  /** All of it is to be over soon. */
  stop(): void {
    if (this.#isOver) return;
    this.end();
    this.#blockingDeadline.set(this.#drainMs);
    if (this.#isDraining) void this.drain();
  }

  /** Settles when all sinks have the items, or have counted them as lost. At once where nobody is to be waited for. */
  async offer(items: readonly Item[]): Promise<void> {
    for (const item of items) {
      const waits = this.#sinks.map((sink) => this.#wait(sink, item)).filter((wait) => wait !== null);
      if (waits.length > 0) await Promise.all(waits);
      for (const sink of this.#sinks) sink.offer(item);
    }
  }

  /**
   * Sinks make text of a few rows in a turn of the event loop. Where rows come without a pause they would have one turn for each
   * thousand of rows, and lose what they could deliver; one that hangs holds up nothing here.
   */
  async letWork(rows: number): Promise<void> {
    const most = Math.ceil(rows / SINK_LIMITS.rowsAtOnce) + WRITING_TURNS;
    for (let i = 0; i < most && this.#sinks.some(({ counters }) => counters.waiting > 0); i++) await turn();
  }

  /** All was offered: settles when it is delivered, or the time is over. */
  async drain(): Promise<void> {
    this.end();
    this.#isDraining = true;
    await Promise.all(this.#sinks.map((sink) => sink.drain(this.#timeOf(sink))));
    // What is left of the time must not keep the process alive.
    this.#isOver = true;
    this.#deadline.clear();
    this.#blockingDeadline.clear();
  }

  #deadlineOf(sink: OpenSink): Deadline {
    return sink.isBlocking ? this.#blockingDeadline : this.#deadline;
  }

  #timeOf(sink: OpenSink): number {
    return Math.max(this.#deadlineOf(sink).leftMs, Math.min(LEAST_DRAIN_MS, this.#drainMs));
  }

  /** Null where the sink has room, or is not waited for. */
  #wait(sink: OpenSink, item: Item): Promise<void> | null {
    if (this.#deadlineOf(sink).isPassed || this.#stalled.has(sink)) return null;
    const room = sink.room(item, this.#isEnd);
    return room === null ? null : this.#waitForRoom(sink, item, room);
  }

  async #waitForRoom(sink: OpenSink, item: Item, first: Promise<void>): Promise<void> {
    const deadline = this.#deadlineOf(sink);
    for (let room: Promise<void> | null = first; room !== null; room = sink.room(item, this.#isEnd)) {
      const stall = new Deadline();
      if (!sink.isBlocking) stall.set(this.#drainMs / 2);
      await Promise.race([room, deadline.passed, stall.passed]);
      stall.clear();
      if (stall.isPassed) this.#stalled.add(sink);
      if (deadline.isPassed || stall.isPassed) return;
    }
  }
}
