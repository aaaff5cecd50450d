/**
 * What waits for a destination, bounded in items and bytes. Items are held as they came, by reference, and what is sent of
 * them is made when their turn comes: once each, and never of those that are dropped. What is spilled is made then, and lies
 * on disk as it will be sent.
 *
 * Order: memory (`front`), then the disk, then memory again (`back`: what will go to the disk). Every item that was accepted
 * is, at any time, delivered, dropped, spilled or waiting.
 */
import { type Item, itemBytes } from '../live/items.ts';
import { BackOff, type BackOffTimes } from './back-off.ts';
import { Bell } from './bell.ts';
import { type Destination, troubleText } from './destination.ts';
import { type BatchSize, type Entry, HeldItems } from './held-items.ts';
import { SINK_LIMITS } from './limits.ts';
import { FullPolicy } from './policy.ts';
import type { SpillStore } from './spill-store.ts';

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
  lost: number;
}

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
  #accepted: number;
  #delivered = 0;
  #dropped: number;
  /** Items on their way to the disk. */
  #spilling = 0;
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
    this.#accepted = (this.#spill?.items ?? 0) + (this.#spill?.torn ?? 0);
    this.#dropped = this.#spill?.torn ?? 0;
  }

  get counts(): { accepted: number; delivered: number; dropped: number; spilled: number; waiting: number } {
    const inFlight = this.#inFlight === null || this.#inFlight.isFromDisk ? 0 : this.#inFlight.entries.length;
    return {
      accepted: this.#accepted,
      delivered: this.#delivered,
      dropped: this.#dropped + (this.#spill?.dropped ?? 0),
      spilled: this.#spill?.items ?? 0,
      waiting: this.#front.size + this.#back.size + this.#spilling + inFlight,
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
    this.#accepted++;
    if (this.#isEnded) {
      this.#dropped++;
      return;
    }
    const entry: Entry<P> = { item, payload: null, bytes: itemBytes(item) };
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
    const isInOrder = this.#spill!.items === 0 && this.#back.size === 0 && !this.#isSpilling;
    if (isInOrder && this.#hasRoom(this.#front, entry.bytes)) {
      this.#front.push(entry);
      this.#onReady();
      return;
    }
    // The disk is too slow, or full.
    while (!this.#hasRoom(this.#back, entry.bytes)) this.#dropOldest(this.#back);
    this.#back.push(entry);
    if (!this.#isSpilling) void this.#spillBack();
  }

  #hasRoom(store: HeldItems<P>, bytes: number, factor = 1): boolean {
    if (store.size === 0) return true;
    return store.size < this.#maxItems * factor && store.bytes + bytes <= this.#maxBytes * factor;
  }

  #dropOldest(store: HeldItems<P>): void {
    if (store.shift() !== undefined) this.#dropped++;
  }

  room(): Promise<void> | null {
    if (this.#policy !== FullPolicy.Block || this.#isEnded || this.#hasRoom(this.#front, 1)) return null;
    if (this.#room === null) {
      let resolve = () => {};
      const promise = new Promise<void>((settle) => {
        resolve = settle;
      });
      this.#room = { promise, resolve };
    }
    return this.#room.promise;
  }

  #tellOfRoom(): void {
    if (this.#room === null || !(this.#isEnded || this.#hasRoom(this.#front, 1))) return;
    this.#room.resolve();
    this.#room = null;
  }

  /** The next payloads; until they are `delivered` or `refused` nothing else can be taken. */
  async take(most: BatchSize): Promise<P[]> {
    if (this.#front.size === 0 && this.#hasSpilled) return this.#takeFromDisk(most);
    const store = this.#front.size > 0 || this.#isSpilling ? this.#front : this.#back;
    const entries = store.take(most);
    const inFlight: InFlight<P> = { entries, isFromDisk: false, lost: 0 };
    this.#inFlight = inFlight;
    this.#tellOfRoom();
    const made = await this.#encodeAll(entries);
    inFlight.lost = entries.length - made.length;
    return made.flatMap(({ payload }) => (payload === null ? [] : [payload]));
  }

  async #takeFromDisk(most: BatchSize): Promise<P[]> {
    const pieces = await this.#spill!.read(most);
    if (pieces.length === 0) return [];
    const entries = pieces.map(({ length }): Entry<P> => ({ item: null, payload: null, bytes: length }));
    const inFlight: InFlight<P> = { entries, isFromDisk: true, lost: 0 };
    this.#inFlight = inFlight;
    const payloads: P[] = [];
    for (const bytes of pieces) {
      try {
        payloads.push(await this.#destination.form.fromBytes(bytes));
      } catch (error) {
        inFlight.lost++;
        this.trouble = troubleText(error);
      }
    }
    return payloads;
  }

  /** Without those of which nothing could be made. */
  async #encodeAll(entries: readonly Entry<P>[]): Promise<Entry<P>[]> {
    const made: Entry<P>[] = [];
    for (const entry of entries) {
      try {
        if (entry.item !== null) entry.payload = await this.#destination.encode(entry.item);
        entry.item = null;
        made.push(entry);
      } catch (error) {
        this.trouble = troubleText(error);
      }
    }
    return made;
  }

  async delivered(): Promise<void> {
    const { sent, lost } = await this.#settle();
    this.#delivered += sent;
    this.#dropped += lost;
  }

  async refused(): Promise<void> {
    const { sent, lost } = await this.#settle();
    this.#dropped += sent + lost;
  }

  async #settle(): Promise<{ sent: number; lost: number }> {
    const inFlight = this.#inFlight;
    if (inFlight === null) return { sent: 0, lost: 0 }; // surrendered in the meantime
    this.#inFlight = null;
    if (inFlight.isFromDisk) await this.#spill!.commit();
    return { sent: inFlight.entries.length - inFlight.lost, lost: inFlight.lost };
  }

  /** Brings what waits at the back to the disk, as long as there is something. */
  async #spillBack(): Promise<void> {
    this.#isSpilling = true;
    while (this.#back.size > 0 && !this.#isEnded) {
      const taken = this.#back.take({ items: SINK_LIMITS.spillItems, bytes: SINK_LIMITS.batchBytes });
      this.#spilling = taken.length;
      const made = await this.#encodeAll(taken);
      this.#dropped += taken.length - made.length;
      this.#spilling = made.length;
      try {
        await this.#store(made);
        this.#spilling = 0;
        this.#spillBackOff.reset();
        this.#onReady();
      } catch (error) {
        this.#spilling = 0;
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
    const pieces = entries.flatMap(({ payload }) =>
      payload === null ? [] : [this.#destination.form.toBytes(payload)],
    );
    if (pieces.length > 0) await this.#spill!.append(pieces);
    this.#delivered += entries.length - pieces.length;
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
    else if (inFlight !== null) this.#dropped += inFlight.entries.length;
    if (this.#spill === null) {
      while (this.#front.size > 0) this.#dropOldest(this.#front);
      return;
    }
    if (inFlight?.isFromDisk === false) this.#front.unshift(inFlight.entries);
    for (const store of [this.#front, this.#back]) await this.#storeAll(store);
  }

  /** The one that is at work comes to its end. */
  async #idleSpiller(): Promise<void> {
    while (this.#isSpilling) await new Promise((resolve) => setImmediate(resolve));
  }

  async #storeAll(store: HeldItems<P>): Promise<void> {
    while (store.size > 0) {
      const taken = store.take({ items: SINK_LIMITS.spillItems, bytes: SINK_LIMITS.batchBytes });
      this.#spilling = taken.length;
      const made = await this.#encodeAll(taken);
      this.#dropped += taken.length - made.length;
      await this.#store(made).catch((error: unknown) => {
        this.trouble = `spilling to disk: ${troubleText(error)}`;
        this.#dropped += made.length;
      });
      this.#spilling = 0;
    }
  }

  /** What could not be surrendered in time. */
  async close(): Promise<void> {
    this.#isEnded = true;
    for (const store of [this.#front, this.#back]) while (store.size > 0) this.#dropOldest(store);
    await this.#spill?.close();
  }
}
