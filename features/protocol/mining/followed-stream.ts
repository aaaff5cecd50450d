/**
 * The bytes of one direction of a TCP connection, in order, for as long as it lasts: where a hole is not filled in time,
 * or the other end says that it has the bytes, the stream goes on behind it. (Prefix, in flow/, ends there: a handshake
 * with a hole is of no use, a session of days is.) What arrives twice is handed on once.
 */
import { MINING_LIMITS } from './limits.ts';

/** Takes the bytes `[at, end)`, borrowed; `isBehindHole` if some before them are missing. */
export interface StreamSink {
  take(bytes: Uint8Array, at: number, end: number, isBehindHole: boolean): void;
}

interface Early {
  readonly sequence: number;
  readonly bytes: Uint8Array;
  /** Bytes behind these that were sent and not captured. */
  readonly cut: number;
}

const UNKNOWN = -1;
/** Segments in a row from elsewhere in the number space, after which the stream is believed to go on there. */
const STRAYS = 8;

export class FollowedStream {
  /** Sequence number of the next byte, UNKNOWN before the first. */
  #next: number;
  #isBehindHole = false;
  /** Segments behind a hole, by sequence number; null until there is one. */
  #early: Early[] | null = null;
  #holeUs = 0;
  #strays = 0;
  /** Bytes of early segments. */
  held = 0;

  /** @param first sequence number of the first byte, -1 if it is not known */
  constructor(first: number) {
    this.#next = first;
  }

  /**
   * Takes the payload `bytes[at, end)` of a segment.
   *
   * @param cut bytes of the segment behind `end` that were not captured
   * @param us capture time
   */
  push(sequence: number, bytes: Uint8Array, at: number, end: number, cut: number, us: number, sink: StreamSink): void {
    if (this.#next === UNKNOWN) this.#next = sequence;
    let ahead = (sequence - this.#next) | 0;
    if (Math.abs(ahead) > MINING_LIMITS.window) {
      if (++this.#strays < STRAYS) return;
      this.#skipTo(sequence, sink);
      ahead = 0;
    }
    this.#strays = 0;
    if (ahead > 0) this.#hold(sequence, bytes, at, end, cut, us, sink);
    else {
      this.#advance(bytes, at - ahead, end, cut, sink);
      this.#drain(sink);
    }
    if (this.#early !== null && us - this.#holeUs > MINING_LIMITS.holeUs) this.#skipHole(sink);
  }

  /** The other end has all bytes before this number: those that are missing will not be sent again. */
  acknowledged(sequence: number, sink: StreamSink): void {
    while (this.#early !== null && ((sequence - this.#early[0]!.sequence) | 0) >= 0) this.#skipHole(sink);
  }

  /** Nothing more comes: hands on what waits behind holes. */
  finish(sink: StreamSink): void {
    while (this.#early !== null) this.#skipHole(sink);
  }

  #advance(bytes: Uint8Array, at: number, end: number, cut: number, sink: StreamSink): void {
    if (at < end) {
      this.#next = (this.#next + end - at) >>> 0;
      const isBehindHole = this.#isBehindHole;
      this.#isBehindHole = false;
      sink.take(bytes, at, end, isBehindHole);
    }
    // A repetition of a segment that was cut brings nothing new.
    if (cut > 0 && at <= end) {
      this.#next = (this.#next + cut) >>> 0;
      this.#isBehindHole = true;
    }
  }

  #hold(sequence: number, bytes: Uint8Array, at: number, end: number, cut: number, us: number, sink: StreamSink): void {
    if (this.#early === null) {
      this.#early = [];
      this.#holeUs = us;
    }
    const early = this.#early;
    let i = early.length;
    while (i > 0 && ((early[i - 1]!.sequence - sequence) | 0) > 0) i--;
    const isKnown = i > 0 && early[i - 1]!.sequence === sequence && early[i - 1]!.bytes.length >= end - at;
    if (!isKnown) {
      early.splice(i, 0, { sequence, bytes: bytes.slice(at, end), cut });
      this.held += end - at;
    }
    const isMuch = early.length > MINING_LIMITS.earlySegments || this.held > MINING_LIMITS.earlyBytes;
    if (isMuch) this.#skipHole(sink);
  }

  /** Gives up what is missing before the first early segment. */
  #skipHole(sink: StreamSink): void {
    this.#next = this.#early![0]!.sequence;
    this.#isBehindHole = true;
    this.#drain(sink);
  }

  /** Hands on the early segments that are not early any more. */
  #drain(sink: StreamSink): void {
    while (this.#early !== null) {
      const { sequence, bytes, cut } = this.#early[0]!;
      const ahead = (sequence - this.#next) | 0;
      if (ahead > 0) return;
      this.#early.shift();
      this.held -= bytes.length;
      if (this.#early.length === 0) this.#early = null;
      this.#advance(bytes, -ahead, bytes.length, cut, sink);
    }
  }

  /** Another place in the number space, with everything before it handed on or given up. */
  #skipTo(sequence: number, sink: StreamSink): void {
    this.finish(sink);
    this.#next = sequence;
    this.#isBehindHole = true;
  }
}
