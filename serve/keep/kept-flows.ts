/** The flows whose packets are kept: numbers in columns, by slot. The one seen least lately gives way. */
import { FlowTable } from '../../features/flow/flow-table.ts';
import { enlarge, grownCapacity, SlotList } from '../../features/flow/slot-list.ts';
import { NOWHERE } from './frame-ring.ts';

/** What becomes of a flow's packets. */
export const Keeping = {
  /** The first ones are kept. */
  First: 0,
  /** It was judged: those that follow are kept, too. */
  Following: 1,
  /** It was judged, and enough has followed. */
  Done: 2,
} as const;
export type Keeping = (typeof Keeping)[keyof typeof Keeping];

const FIRST_CAPACITY = 1_024;
/** How exactly flows are kept in the order in which they were seen, us. */
const GRAIN_US = 1e6;

export class KeptFlows {
  readonly #table: FlowTable;
  readonly #list = new SlotList(FIRST_CAPACITY);
  readonly #most: number;
  #count = 0;
  /** Raised when a slot is used for another flow: frames of the one before are not its own. */
  generation: Int32Array = new Int32Array(FIRST_CAPACITY);
  keeping: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  /** Whether it was seen to end. */
  isClosed: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  packets: Int32Array = new Int32Array(FIRST_CAPACITY);
  /** Places of its first and last frame that are still there. */
  first: Float64Array = new Float64Array(FIRST_CAPACITY);
  last: Float64Array = new Float64Array(FIRST_CAPACITY);
  firstUs: Float64Array = new Float64Array(FIRST_CAPACITY);
  lastUs: Float64Array = new Float64Array(FIRST_CAPACITY);
  #listedUs = new Float64Array(FIRST_CAPACITY);
  /** Flows that gave way. */
  givenUp = 0;

  constructor(most: number, seed: number) {
    this.#most = Math.max(1, most);
    this.#table = new FlowTable(FIRST_CAPACITY, seed);
  }

  get size(): number {
    return this.#table.size;
  }

  /** The slot of a flow, -1 where it is not known. */
  find(key: Int32Array): number {
    return this.#table.find(key, this.#table.hash(key));
  }

  /** The slot that a new flow will take is another flow's now: -1 where none has to give way. */
  get next(): number {
    return this.#count < this.#most ? -1 : this.#list.head;
  }

  /** Enters a flow that is not known. */
  open(key: Int32Array, us: number): number {
    const slot = this.#takeSlot();
    this.#table.insert(slot, key, this.#table.hash(key));
    this.#list.append(slot);
    this.restart(slot, us);
    return slot;
  }

  /** The flow begins anew: another connection of the same two ends. */
  restart(slot: number, us: number): void {
    this.generation[slot] = (this.generation[slot]! + 1) | 0;
    this.keeping[slot] = Keeping.First;
    this.isClosed[slot] = this.packets[slot] = 0;
    this.first[slot] = this.last[slot] = NOWHERE;
    this.firstUs[slot] = this.lastUs[slot] = this.#listedUs[slot] = us;
  }

  /** A packet came; packet time may have gone back. */
  touch(slot: number, us: number): void {
    if (us < this.firstUs[slot]!) this.firstUs[slot] = us;
    this.lastUs[slot] = us;
    if (Math.abs(us - this.#listedUs[slot]!) < GRAIN_US) return;
    this.#listedUs[slot] = us;
    this.#list.touch(slot);
  }

  /** A frame has given way in the ring. */
  released(slot: number, generation: number, place: number, next: number): void {
    if ((this.generation[slot]! | 0) === (generation | 0) && this.first[slot] === place) this.first[slot] = next;
  }

  #takeSlot(): number {
    if (this.#count < this.#most) {
      if (this.#count >= this.keeping.length) this.#grow(this.#count + 1);
      return this.#count++;
    }
    const slot = this.#list.head;
    this.#list.remove(slot);
    this.#table.remove(slot);
    this.givenUp++;
    return slot;
  }

  #grow(wanted: number): void {
    const capacity = grownCapacity(this.keeping.length, wanted);
    this.generation = enlarge(this.generation, capacity);
    this.keeping = enlarge(this.keeping, capacity);
    this.isClosed = enlarge(this.isClosed, capacity);
    this.packets = enlarge(this.packets, capacity);
    this.first = enlarge(this.first, capacity);
    this.last = enlarge(this.last, capacity);
    this.firstUs = enlarge(this.firstUs, capacity);
    this.lastUs = enlarge(this.lastUs, capacity);
    this.#listedUs = enlarge(this.#listedUs, capacity);
  }
}
