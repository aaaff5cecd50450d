/**
 * The first bytes of one direction of a TCP connection, in order (RFC 9293 3.4: sequence numbers count bytes modulo
 * 2^32). In-order segments pass straight through as borrowed views; only what arrives early is copied and held. Bounded
 * in bytes, in segments and in patience: a hole that is not filled in time ends the stream instead of blocking it.
 */

/** Bounds of one direction, each with its reason. */
export const PREFIX_LIMITS = {
  /** Bytes handed on: a ClientHello with post-quantum key shares and tickets is a few KiB; a server flight starts at 0. */
  streamBytes: 128 * 1024,
  /** Bytes of early segments kept at once: about one initial congestion window (RFC 6928: 14,600) with room to spare. */
  heldBytes: 48 * 1024,
  /** Early segments kept at once, so that one-byte segments cannot grow the list. */
  heldSegments: 32,
  /** Early segments seen, kept or not, since the stream last advanced: the capture lost the missing one. */
  patience: 96,
  /** A sequence number further away than this belongs to another connection or was forged. */
  window: 1024 * 1024,
} as const;
export type PrefixLimits = { readonly [Name in keyof typeof PREFIX_LIMITS]: number };

export const PrefixStatus = {
  /** Everything received so far has been delivered. */
  Open: 0,
  /** Something is missing; later bytes wait for it. */
  Waiting: 1,
  /** The byte limit is reached or the reader is closed: nothing more is delivered. */
  Full: 2,
  /** The missing bytes never came: nothing more is delivered. */
  Broken: 3,
} as const;
export type PrefixStatus = (typeof PrefixStatus)[keyof typeof PrefixStatus];

/** Receives stream bytes in order. The view is borrowed: valid only during the call. */
export type Deliver = (bytes: Uint8Array, at: number, end: number) => void;

/** An early segment; `from` and `to` are stream offsets (0 is the first payload byte), which do not wrap. */
interface Held {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}

export class Prefix {
  status: PrefixStatus = PrefixStatus.Open;
  /** Stream bytes delivered so far. */
  delivered = 0;
  /** Segments dropped because a limit was hit. */
  droppedSegments = 0;
  /** Payload bytes of those segments. */
  droppedBytes = 0;

  readonly #limits: PrefixLimits;
  /** Sequence number of stream offset `delivered`; null until it is known. */
  #nextSeq: number | null;
  /** Sorted by offset, never overlapping; null until the first early segment, which most streams never have. */
  #held: Held[] | null = null;
  #heldBytes = 0;
  #impatience = 0;

  /** @param firstSeq sequence number of the first payload byte (SYN's plus one); null to learn it from the first push. */
  constructor(firstSeq: number | null = null, limits: PrefixLimits = PREFIX_LIMITS) {
    this.#nextSeq = firstSeq === null ? null : firstSeq >>> 0;
    this.#limits = limits;
  }

  /** Takes the payload `bytes[at, end)` of a segment and delivers whatever is now in order. */
  push(seq: number, bytes: Uint8Array, at: number, end: number, deliver: Deliver): void {
    if (this.status >= PrefixStatus.Full || at >= end) return;
    if (this.#nextSeq === null || this.#isMisled(seq)) this.#nextSeq = seq >>> 0;
    // The signed 32-bit difference is right across the wrap for distances below 2^31.
    const ahead = (seq - this.#nextSeq) | 0;
    if (Math.abs(ahead) > this.#limits.window) this.#drop(end - at);
    else if (ahead > 0) this.#hold(this.delivered + ahead, bytes, at, end);
    else if (at - ahead < end) this.#advance(bytes, at - ahead, end, deliver);
  }

  /**
   * True if the first data is nowhere near where the SYN said: a server that answers a repeated SYN with another initial
   * sequence number, or a forged SYN. Data decides, for it is what the other end accepted.
   */
  #isMisled(seq: number): boolean {
    if (this.delivered > 0 || this.#held !== null) return false;
    return Math.abs((seq - this.#nextSeq!) | 0) > this.#limits.window;
  }

  /** Ends the stream and frees what is held. */
  close(): void {
    this.#end(PrefixStatus.Full);
  }

  /** Delivers new in-order bytes; where a held segment has the same bytes, its copy came first and wins. */
  #advance(bytes: Uint8Array, at: number, end: number, deliver: Deliver): void {
    this.#impatience = 0;
    while (this.status < PrefixStatus.Full) {
      const next = this.#held === null ? undefined : this.#held[0];
      const room = next === undefined ? end - at : Math.min(end - at, next.from - this.delivered);
      if (room > 0) this.#emit(bytes, at, at + room, deliver);
      at += room;
      if (next === undefined || next.from > this.delivered || this.status >= PrefixStatus.Full) break;
      this.#held!.shift();
      this.#heldBytes -= next.bytes.length;
      this.#emit(next.bytes, 0, next.bytes.length, deliver);
      at = Math.min(end, at + next.bytes.length);
    }
    if (this.status < PrefixStatus.Full) this.#settle();
  }

  #emit(bytes: Uint8Array, at: number, end: number, deliver: Deliver): void {
    const room = this.#limits.streamBytes - this.delivered;
    const stop = end - at < room ? end : at + room;
    this.delivered += stop - at;
    this.#nextSeq = (this.#nextSeq! + (stop - at)) >>> 0;
    if (this.delivered >= this.#limits.streamBytes) this.#end(PrefixStatus.Full);
    deliver(bytes, at, stop);
  }

  /** Keeps those bytes of an early segment that no held segment has. */
  #hold(from: number, bytes: Uint8Array, at: number, end: number): void {
    this.#held ??= [];
    const held = this.#held;
    let kept = true;
    let i = 0;
    while (at < end && kept) {
      while (i < held.length && held[i]!.to <= from) i++;
      const next = held[i];
      const room = next === undefined ? end - at : Math.min(end - at, next.from - from);
      if (room > 0) kept = this.#insert(i++, from, bytes, at, at + room);
      const step = room > 0 ? room : next!.to - from;
      if (kept) at += step;
      from += step;
    }
    if (!kept) this.#drop(end - at);
    else this.#grow();
    if (this.status < PrefixStatus.Full) this.#settle();
  }

  #insert(index: number, from: number, bytes: Uint8Array, at: number, end: number): boolean {
    const held = this.#held!;
    const length = end - at;
    const { heldSegments, heldBytes } = this.#limits;
    if (held.length >= heldSegments || this.#heldBytes + length > heldBytes) return false;
    held.splice(index, 0, { from, to: from + length, bytes: bytes.slice(at, end) });
    this.#heldBytes += length;
    return true;
  }

  #drop(length: number): void {
    this.droppedSegments++;
    this.droppedBytes += length;
    this.#grow();
  }

  #grow(): void {
    if (++this.#impatience > this.#limits.patience) this.#end(PrefixStatus.Broken);
  }

  #settle(): void {
    const waiting = this.#impatience > 0 || (this.#held !== null && this.#held.length > 0);
    this.status = waiting ? PrefixStatus.Waiting : PrefixStatus.Open;
  }

  #end(status: PrefixStatus): void {
    this.status = status;
    this.#held = null;
    this.#heldBytes = 0;
  }
}
