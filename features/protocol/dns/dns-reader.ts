/**
 * DNS over TCP: two bytes of length before each message (RFC 7766 8).
 */
import { type Packet, Protocol } from '../../packet/packet.ts';
import { LEAST_BLOCK, pageOf } from '../byte-blocks.ts';
import { CLEAR_LIMITS } from '../clear-limits.ts';
import type { StreamProtocol, StreamReader } from '../stream-watch.ts';
import { type DnsMessages, isDns } from './dns-messages.ts';
import { DnsRecord, type RecordMemory } from './dns-record.ts';

const LENGTH = 2;

export function dnsOverTcp(messages: DnsMessages): StreamProtocol<DnsRecord> {
  return {
    transports: [Protocol.Tcp],
    isPossible: isDns,
    begins: () => true,
    reader: () => new DnsReader(messages),
  };
}

/** Flows of DNS over TCP are few: each has its record in memory of its own. */
const OWN_MEMORY: RecordMemory = {
  grow(record, size) {
    record.moveTo(pageOf(LEAST_BLOCK << size), 0, size);
    return true;
  },
};

export class DnsReader implements StreamReader<DnsRecord> {
  readonly #messages: DnsMessages;
  /** Messages that came in part, by side. */
  readonly #frames: readonly [FrameReader, FrameReader] = [new FrameReader(), new FrameReader()];
  #faults = 0;
  /** What was said, null before the first message. */
  #record: DnsRecord | null = null;
  isOver = false;

  constructor(messages: DnsMessages) {
    this.#messages = messages;
  }

  glance(): boolean {
    return false;
  }

  feed(side: 0 | 1, bytes: Uint8Array, at: number, end: number, packet: Packet): boolean {
    this.#frames[side].feed(bytes, at, end, (from, start, stop) => this.#message(from, start, stop, packet));
    return !this.isOver;
  }

  summary(): DnsRecord | null {
    return this.#record?.copy() ?? null;
  }

  #message(bytes: Uint8Array, at: number, end: number, packet: Packet): void {
    if (this.#messages.read(bytes, at, end)) {
      this.#record ??= new DnsRecord().turnTo(pageOf(LEAST_BLOCK), 0).clear(0);
      this.#messages.tell(this.#record, bytes, at, end, packet, OWN_MEMORY);
    } else if (this.#record === null && ++this.#faults >= CLEAR_LIMITS.dnsFaults) this.isOver = true;
  }
}

/** Cuts a stream into messages. */
class FrameReader {
  /** Length and message that came in part. */
  #held = new Uint8Array(0);
  #heldLength = 0;
  /** Bytes of a message too long to be kept that are still to come. */
  #skip = 0;

  feed(bytes: Uint8Array, at: number, end: number, take: (bytes: Uint8Array, at: number, end: number) => void): void {
    while (at < end) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, end - at);
        this.#skip -= skipped;
        at += skipped;
      } else if (this.#heldLength > 0) at = this.#hold(bytes, at, end, take);
      else if (end - at >= LENGTH && at + LENGTH + lengthOf(bytes, at) <= end) {
        const next = at + LENGTH + lengthOf(bytes, at);
        take(bytes, at + LENGTH, next);
        at = next;
      } else at = this.#hold(bytes, at, end, take);
    }
  }

  /** Adds what belongs to the message that is held; returns where the next begins. */
  #hold(
    bytes: Uint8Array,
    at: number,
    end: number,
    take: (bytes: Uint8Array, at: number, end: number) => void,
  ): number {
    if (this.#held.length < LENGTH) this.#held = new Uint8Array(LENGTH);
    while (at < end && this.#heldLength < LENGTH) this.#held[this.#heldLength++] = bytes[at++]!;
    if (this.#heldLength < LENGTH) return at;
    const length = lengthOf(this.#held, 0);
    if (length > CLEAR_LIMITS.dnsMessageBytes) {
      this.#heldLength = 0;
      this.#skip = length;
      return at;
    }
    const whole = LENGTH + length;
    const wanted = Math.min(whole, this.#heldLength + end - at);
    if (this.#held.length < wanted) {
      const larger = new Uint8Array(Math.min(whole, Math.max(wanted, 2 * this.#held.length)));
      larger.set(this.#held.subarray(0, this.#heldLength));
      this.#held = larger;
    }
    while (this.#heldLength < wanted) this.#held[this.#heldLength++] = bytes[at++]!;
    if (this.#heldLength === whole) {
      this.#heldLength = 0;
      take(this.#held, LENGTH, whole);
    }
    return at;
  }
}

function lengthOf(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}
