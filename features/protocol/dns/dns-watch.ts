/**
 * Watches flows of DNS over UDP. There may be as many as there are flows, a query and an answer each, that are held until
 * they idle out: a record in a block of bytes is all that is kept of one.
 */
import { enlarge, grownCapacity } from '../../flow/slot-list.ts';
import { type Packet, Protocol } from '../../packet/packet.ts';
import { ByteBlocks } from '../byte-blocks.ts';
import { CLEAR_LIMITS } from '../clear-limits.ts';
import { ViewBytes } from '../view-bytes.ts';
import type { Watch } from '../watch.ts';
import { type DnsMessages, isDns } from './dns-messages.ts';
import { DnsRecord, type RecordMemory } from './dns-record.ts';

/** In the place of a block's number: nothing was said and nothing will be, or so many datagrams were no messages. */
const OVER = -1;
const FAULTS = -2;
const FIRST_SLOTS = 1024;

export class DnsWatch implements Watch<DnsRecord>, RecordMemory {
  readonly transports = [Protocol.Udp];
  readonly #messages: DnsMessages;
  readonly #blocks: ByteBlocks;
  /** Of each slot: the block that its record is in; OVER; or FAULTS less the number of faults. */
  #records = new Int32Array(0);
  /** The slot whose record is shown, and the record. */
  #slot = 0;
  readonly #record = new DnsRecord();
  readonly #bytes = new ViewBytes();
  /** Flows that said more than there was room for, because so much was held of all together. */
  givenUp = 0;

  /** @param mostBytes held of all flows together */
  constructor(messages: DnsMessages, mostBytes: number = CLEAR_LIMITS.heldBytes) {
    this.#messages = messages;
    this.#blocks = new ByteBlocks(mostBytes);
  }

  /** Valid until the next call of any method. */
  of(slot: number): DnsRecord | null {
    return this.#records[slot]! < 0 ? null : this.#turnTo(slot);
  }

  opened(slot: number): void {
    this.#put(slot, FAULTS);
  }

  closed(slot: number): void {
    this.#put(slot, OVER);
  }

  /** What was said is said in both. */
  continued(slot: number, successor: number): void {
    const faults = this.#records[slot]!;
    this.copied(slot, successor);
    if (faults < 0) this.#records[successor] = faults;
  }

  copied(slot: number, copy: number): void {
    this.#put(copy, OVER);
    if (this.#records[slot]! < 0) return;
    const { size } = this.#turnTo(slot);
    const block = this.#take(size);
    if (block < 0) return;
    this.#record.moveTo(this.#blocks.pageOf(block), this.#blocks.atOf(block), size);
    this.#records[copy] = block;
  }

  payload(slot: number, _side: 0 | 1, packet: Packet): boolean {
    const { payloadAt, payloadEnd, view } = packet;
    const state = this.#records[slot]!;
    if (state === FAULTS && !isDns(packet)) return this.#giveUp(slot);
    const bytes = this.#bytes.of(view);
    if (!this.#messages.read(bytes, payloadAt, payloadEnd)) return state >= 0 || this.#countFault(slot);
    if (state >= 0) this.#turnTo(slot);
    else if (!this.#begin(slot)) return this.#giveUp(slot);
    if (this.#messages.tell(this.#record, bytes, payloadAt, payloadEnd, packet, this)) return true;
    // What it has said by now stays.
    return false;
  }

  grow(record: DnsRecord, size: number): boolean {
    const block = this.#take(size);
    if (block < 0) return false;
    const before = this.#records[this.#slot]!;
    const sizeBefore = record.size;
    record.moveTo(this.#blocks.pageOf(block), this.#blocks.atOf(block), size);
    this.#blocks.give(before, sizeBefore);
    this.#records[this.#slot] = block;
    return true;
  }

  #begin(slot: number): boolean {
    const block = this.#take(0);
    if (block < 0) return false;
    this.#records[slot] = block;
    this.#turnTo(slot).clear(0);
    return true;
  }

  #take(size: number): number {
    const block = this.#blocks.take(size);
    if (block < 0) this.givenUp++;
    return block;
  }

  #turnTo(slot: number): DnsRecord {
    this.#slot = slot;
    const block = this.#records[slot]!;
    return this.#record.turnTo(this.#blocks.pageOf(block), this.#blocks.atOf(block));
  }

  /** What begins with something else is not DNS. */
  #countFault(slot: number): boolean {
    const state = this.#records[slot]! - 1;
    this.#records[slot] = state > FAULTS - CLEAR_LIMITS.dnsFaults ? state : OVER;
    return this.#records[slot] !== OVER;
  }

  #giveUp(slot: number): boolean {
    this.#records[slot] = OVER;
    return false;
  }

  /** Lets go of what the slot held. */
  #put(slot: number, state: number): void {
    const { length } = this.#records;
    if (slot >= length) {
      this.#records = enlarge(this.#records, grownCapacity(length, Math.max(slot + 1, FIRST_SLOTS))).fill(OVER, length);
    }
    const block = this.#records[slot]!;
    if (block >= 0) this.#blocks.give(block, this.#turnTo(slot).size);
    this.#records[slot] = state;
  }
}
