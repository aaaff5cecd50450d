/**
 * What waits for a destination, bounded in items and bytes. Items are held as they came, by reference, and what is sent of
 * them is made when their turn comes: once each, and never of those that are dropped. What is spilled is made then, and lies
 * on disk as it will be sent.
 *
 * Order: memory (`front`), then the disk, then memory again (`back`: what will go to the disk). Every item that was accepted,
 * and every row in it, is at any time delivered, dropped, spilled or waiting.
 */
import { type Item, itemBytes, itemRows } from '../live/items.ts';
import type { SinkCounters } from '../live/sink.ts';
import { BackOff, type BackOffTimes } from './back-off.ts';
import { Bell } from './bell.ts';
import { type Destination, troubleText } from './destination.ts';
import { type BatchSize, type Entry, HeldItems } from './held-items.ts';
import { SINK_LIMITS } from './limits.ts';
import { FullPolicy } from './policy.ts';
import type { SpillStore } from './spill-store.ts';
import { Tally, tallyOf } from './tally.ts';

export interface QueueOptions {
  readonly policy: FullPolicy;
  /** Items, and bytes that they hold, in memory: at least one item has room, however large. */
  readonly maxItems: number;
  readonly maxBytes: number;
  /** Of policy `spill`. */
  readonly spill: SpillStore | null;
  /** Of attempts to write to the disk. */
  readonly backOff?: BackOffTimes;
}

interface InFlight<P> {
  readonly entries: readonly Entry<P>[];
  readonly isFromDisk: boolean;
  /** Of them, those that nothing could be made of. */
  readonly lost: Tally;
}

export type QueueCounts = Omit<SinkCounters, 'retries' | 'trouble'>;

export class SinkQueue<P> {
  readonly #destination: Pick<Destination<P>, 'encode' | 'form'>;
  readonly #policy: FullPolicy;
  readonly #spill: SpillStore | null;
  readonly #maxItems: number;
  readonly #maxBytes: number;
  readonly #onReady: () => void;
  readonly #front = new HeldItems<P>();
  readonly #back = new HeldItems<P>();
  /** Taken and not settled; null while nothing is. */
  #inFlight: InFlight<P> | null = null;
  #room: { readonly promise: Promise<void>; readonly resolve: () => void } | null = null;
  readonly #accepted = new Tally();
  readonly #delivered = new Tally();
  readonly #dropped = new Tally();
  /** On their way to the disk. */
  #spilling = new Tally();
  #isSpilling = false;
  readonly #spillBell = new Bell();
  readonly #spillBackOff: BackOff;
  #isEnded = false;
  /** Of making payloads and of the disk. */
  trouble: string | null = null;

  /** @param onReady there is something to take that was not there before */
  constructor(destination: Pick<Destination<P>, 'encode' | 'form'>, options: QueueOptions, onReady: () => void) {
    this.#destination = destination;
    this.#policy = options.policy;
    this.#spill = options.policy === FullPolicy.Spill ? options.spill : null;
    // One half for each end of the queue.
    const parts = this.#spill === null ? 1 : 2;
    this.#maxItems = Math.max(1, Math.floor(options.maxItems / parts));
    this.#maxBytes = Math.max(1, Math.floor(options.maxBytes / parts));
    this.#onReady = onReady;
    this.#spillBackOff = new BackOff(options.backOff);
    // An earlier run's, of which what it had not written to its end is lost.
    if (this.#spill === null) return;
    const { items, rows, torn } = this.#spill;
    this.#accepted.add(items + torn, rows);
    this.#dropped.add(torn, 0);
  }

  get counts(): QueueCounts {
    const [front, back, spilling, spill] = [this.#front, this.#back, this.#spilling, this.#spill];
    const inFlight = tallyOf(this.#inFlight === null || this.#inFlight.isFromDisk ? [] : this.#inFlight.entries);
    return {
      accepted: this.#accepted.items,
      delivered: this.#delivered.items,
      dropped: this.#dropped.items + (spill?.dropped ?? 0),
      spilled: spill?.items ?? 0,
      waiting: front.size + back.size + spilling.items + inFlight.items,
      rows: {
        accepted: this.#accepted.rows,
        delivered: this.#delivered.rows,
        dropped: this.#dropped.rows + (spill?.droppedRows ?? 0),
        spilled: spill?.rows ?? 0,
        waiting: front.rows + back.rows + spilling.rows + inFlight.rows,
      },
    };
  }

  /** Items that can be taken without a look at the disk. */
  get readyInMemory(): number {
    return this.#front.size;
  }

  get isReady(): boolean {
    return this.#front.size > 0 || this.#hasSpilled || (this.#back.size > 0 && !this.#isSpilling);
  }

  get isEmpty(): boolean {
    return !this.isReady && this.#back.size === 0 && !this.#isSpilling && this.#inFlight === null;
  }

  get #hasSpilled(): boolean {
    return this.#spill?.hasUnread === true;
  }

  offer(item: Item): void {
    const entry: Entry<P> = { item, payload: null, bytes: itemBytes(item), rows: itemRows(item) };
    this.#accepted.add(1, entry.rows);
    if (this.#isEnded) {
      this.#dropped.add(1, entry.rows);
      return;
    }
    if (this.#spill !== null) this.#offerOrSpill(entry);
    else {
      // Whoever waits for room never comes here; whoever should and does not may fill as much again.
      const factor = this.#policy === FullPolicy.Block ? 2 : 1;
      while (!this.#hasRoom(this.#front, entry.bytes, factor)) this.#dropOldest(this.#front);
      this.#front.push(entry);
      this.#onReady();
    }
  }

  #offerOrSpill(entry: Entry<P>): void {
    if (this.#isInOrder && this.#hasRoom(this.#front, entry.bytes)) {
      this.#front.push(entry);
      this.#onReady();
      return;
    }
    // The disk is too slow, or full.
    while (!this.#hasRoom(this.#back, entry.bytes)) this.#dropOldest(this.#back);
    this.#back.push(entry);
    if (!this.#isSpilling) void this.#spillBack();
  }

  /** Nothing has gone to the disk that has to come first. */
  get #isInOrder(): boolean {
    return this.#spill?.items === 0 && this.#back.size === 0 && !this.#isSpilling;
  }

  #hasRoom(store: HeldItems<P>, bytes: number, factor = 1): boolean {
    if (store.size === 0) return true;
    return store.size < this.#maxItems * factor && store.bytes + bytes <= this.#maxBytes * factor;
  }

  #dropOldest(store: HeldItems<P>): void {
    const oldest = store.shift();
    if (oldest !== undefined) this.#dropped.add(1, oldest.rows);
  }

  /**
   * Null where an item that holds so many bytes would push nothing out; else settles when something has left the queue: then
   * there may be. Of a policy other than `block` only at the end, when nobody is held up by it.
   */
  room(bytes = 1, isEnd = false): Promise<void> | null {
    if (this.#isEnded || !(isEnd || this.#policy === FullPolicy.Block) || this.#wouldTake(bytes)) return null;
    if (this.#room === null) {
      let resolve = () => {};
      const promise = new Promise<void>((settle) => {
        resolve = settle;
      });
      this.#room = { promise, resolve };
    }
    return this.#room.promise;
  }

  #wouldTake(bytes: number): boolean {
    if (this.#spill === null) return this.#hasRoom(this.#front, bytes);
    return (this.#isInOrder && this.#hasRoom(this.#front, bytes)) || this.#hasRoom(this.#back, bytes);
  }

  #tellOfRoom(): void {
    this.#room?.resolve();
    this.#room = null;
  }

  /** The next payloads; until they are `delivered` or `refused` nothing else can be taken. */
  async take(most: BatchSize): Promise<P[]> {
    if (this.#front.size === 0 && this.#hasSpilled) return this.#takeFromDisk(most);
    const store = this.#front.size > 0 || this.#isSpilling ? this.#front : this.#back;
    const entries = store.take(most);
    const inFlight: InFlight<P> = { entries, isFromDisk: false, lost: new Tally() };
    this.#inFlight = inFlight;
    this.#tellOfRoom();
    const made = await this.#encodeAll(entries, inFlight.lost);
    return made.flatMap(({ payload }) => (payload === null ? [] : [payload]));
  }

  async #takeFromDisk(most: BatchSize): Promise<P[]> {
    const records = await this.#spill!.read(most);
    if (records.length === 0) return [];
    const entries = records.map(
      ({ payload, rows }): Entry<P> => ({ item: null, payload: null, bytes: payload.length, rows }),
    );
    const inFlight: InFlight<P> = { entries, isFromDisk: true, lost: new Tally() };
    this.#inFlight = inFlight;
    const payloads: P[] = [];
    for (const { payload, rows } of records) {
      try {
        payloads.push(await this.#destination.form.fromBytes(payload));
      } catch (error) {
        inFlight.lost.add(1, rows);
        this.trouble = troubleText(error);
      }
    }
    return payloads;
  }

  /** Without those of which nothing could be made, which are added to `lost`. */
  async #encodeAll(entries: readonly Entry<P>[], lost: Tally): Promise<Entry<P>[]> {
    const made: Entry<P>[] = [];
    for (const entry of entries) {
      try {
        if (entry.item !== null) entry.payload = await this.#destination.encode(entry.item);
        entry.item = null;
        made.push(entry);
      } catch (error) {
        lost.add(1, entry.rows);
        this.trouble = troubleText(error);
      }
    }
    return made;
  }

  async delivered(): Promise<void> {
    await this.#settle(this.#delivered);
  }

  async refused(): Promise<void> {
    await this.#settle(this.#dropped);
  }

  /** @param outcome what the payloads that could be made count as */
  async #settle(outcome: Tally): Promise<void> {
    const inFlight = this.#inFlight;
    if (inFlight === null) return; // surrendered in the meantime
    this.#inFlight = null;
    if (inFlight.isFromDisk) {
      await this.#spill!.commit();
      this.#tellOfRoom();
    }
    const { entries, lost } = inFlight;
    const all = tallyOf(entries);
    outcome.add(all.items - lost.items, all.rows - lost.rows);
    this.#dropped.add(lost.items, lost.rows);
  }

  /** Brings what waits at the back to the disk, as long as there is something. */
  async #spillBack(): Promise<void> {
    this.#isSpilling = true;
    while (this.#back.size > 0 && !this.#isEnded) {
      const taken = this.#back.take({ items: SINK_LIMITS.spillItems, bytes: SINK_LIMITS.batchBytes });
      this.#spilling = tallyOf(taken);
      this.#tellOfRoom();
      const lost = new Tally();
      const made = await this.#encodeAll(taken, lost);
      this.#dropped.add(lost.items, lost.rows);
      this.#spilling = tallyOf(made);
      try {
        await this.#store(made);
        this.#spilling = new Tally();
        this.#spillBackOff.reset();
        this.#onReady();
      } catch (error) {
        this.#spilling = new Tally();
        this.#back.unshift(made);
        this.trouble = `spilling to disk: ${troubleText(error)}`;
        await this.#spillBell.wait(this.#spillBackOff.next());
      }
    }
    this.#isSpilling = false;
    this.#onReady();
  }

  /** What is nothing to be sent is delivered by that. */
  async #store(entries: readonly Entry<P>[]): Promise<void> {
    const records = entries.flatMap(({ payload, rows }) =>
      payload === null ? [] : [{ payload: this.#destination.form.toBytes(payload), rows }],
    );
    if (records.length > 0) await this.#spill!.append(records);
    const nothing = tallyOf(entries.filter(({ payload }) => payload === null));
    this.#delivered.add(nothing.items, nothing.rows);
    if (this.trouble?.startsWith('spilling') === true) this.trouble = null;
  }

  /** The end: what is in flight and what waits goes to the disk, or is lost. From now on every item that is offered is lost. */
  async surrender(): Promise<void> {
    this.#isEnded = true;
    this.#tellOfRoom();
    this.#spillBell.ring();
    const inFlight = this.#inFlight;
    this.#inFlight = null;
    if (inFlight?.isFromDisk === true) await this.#spill!.release();
    if (this.#spill !== null) await this.#idleSpiller();
    else if (inFlight !== null) this.#dropAll(inFlight.entries);
    if (this.#spill === null) {
      while (this.#front.size > 0) this.#dropOldest(this.#front);
      return;
    }
    if (inFlight?.isFromDisk === false) this.#front.unshift(inFlight.entries);
    for (const store of [this.#front, this.#back]) await this.#storeAll(store);
  }

  #dropAll(entries: readonly Entry<P>[]): void {
    const { items, rows } = tallyOf(entries);
    this.#dropped.add(items, rows);
  }

  /** The one that is at work comes to its end. */
  async #idleSpiller(): Promise<void> {
    while (this.#isSpilling) await new Promise((resolve) => setImmediate(resolve));
  }

  async #storeAll(store: HeldItems<P>): Promise<void> {
    while (store.size > 0) {
      const taken = store.take({ items: SINK_LIMITS.spillItems, bytes: SINK_LIMITS.batchBytes });
      this.#spilling = tallyOf(taken);
      const lost = new Tally();
      const made = await this.#encodeAll(taken, lost);
      this.#dropped.add(lost.items, lost.rows);
      await this.#store(made).catch((error: unknown) => {
        this.trouble = `spilling to disk: ${troubleText(error)}`;
        this.#dropAll(made);
      });
      this.#spilling = new Tally();
    }
  }

  /** What could not be surrendered in time. */
  async close(): Promise<void> {
    this.#isEnded = true;
    for (const store of [this.#front, this.#back]) while (store.size > 0) this.#dropOldest(store);
    await this.#spill?.close();
  }
}
