/** When each packet of a capture is due, by the times in it: the format is read as everywhere else, for times alone. */
import { CaptureReader } from '../../features/capture/reader.ts';

/** A longer pause between packets is made this short, ms: a capture may have been stopped overnight, or have one wrong time. */
export const LONGEST_PAUSE_MS = 60_000;
/** Packets less far back in time than this are late ones; further back a capture begins that is older, us. */
const LATE_US = 1_000_000;

/** A part of a piece that is due at one time. */
export interface DuePart {
  /** Offset behind the part in the piece. */
  readonly end: number;
  /** Time of its last packet, us since 1970; null where it holds no whole packet. */
  readonly us: number | null;
}

/** Cuts the pieces of one capture where packets end that are not due together. */
export class PacketMarks {
  readonly #reader: CaptureReader;
  readonly #apartUs: number;
  #piece: Uint8Array = new Uint8Array(0);
  #parts: DuePart[] = [];
  /** The part that grows. */
  #end = 0;
  #firstUs: number | null = null;
  #us: number | null = null;

  /** @param apartUs packets closer together than this are due together */
  constructor(name: string, apartUs: number) {
    this.#apartUs = apartUs;
    this.#reader = new CaptureReader(name, {
      frame: (view, at, end, _wireLength, us) => this.#frame(view, at, end, us),
    });
  }

  /**
   * @returns parts that together are the piece
   * @throws FlowlampError NOT_A_CAPTURE
   */
  partsOf(piece: Uint8Array): readonly DuePart[] {
    this.#piece = piece;
    this.#parts = [];
    this.#end = 0;
    this.#firstUs = null;
    this.#us = null;
    this.#reader.write(piece);
    this.#parts.push({ end: piece.length, us: this.#us });
    return this.#parts;
  }

  /** A frame lies in the piece, or in the reader's own buffer where pieces cut it: then it goes with the part before the next. */
  #frame(view: DataView, at: number, end: number, us: number): void {
    const isWhole = view.buffer === this.#piece.buffer;
    const shift = view.byteOffset - this.#piece.byteOffset;
    if (this.#firstUs !== null && Math.abs(us - this.#firstUs) >= this.#apartUs) {
      // The head of this record goes with the packets before: it tells nothing until the frame is there.
      const cut = isWhole ? Math.max(this.#end, at + shift) : this.#end;
      this.#parts.push({ end: cut, us: this.#us });
      this.#firstUs = null;
    }
    this.#firstUs ??= us;
    this.#us = us;
    if (isWhole) this.#end = end + shift;
  }
}

/** Tells how long to wait for each packet. */
export class Pace {
  readonly #speed: number;
  /** Packet time and the clock's at the same moment. */
  #originUs = 0;
  #originMs = 0;
  #lastUs: number | null = null;

  /** @param speed packet time passes so many times as fast as the clock */
  constructor(speed: number) {
    this.#speed = speed;
  }

  /**
   * @param nowMs any clock that never goes back
   * @returns milliseconds until a packet of time `us` is due, and whether a pause was cut short before it
   */
  waitFor(us: number, nowMs: number): { readonly ms: number; readonly isCut: boolean } {
    const last = this.#lastUs;
    this.#lastUs = last === null ? us : Math.max(last, us);
    if (last === null || us < last - LATE_US) return this.#restart(us, nowMs, 0);
    const ms = this.#originMs + (us - this.#originUs) / 1000 / this.#speed - nowMs;
    if (ms > LONGEST_PAUSE_MS) return this.#restart(us, nowMs, LONGEST_PAUSE_MS);
    return { ms: Math.max(0, ms), isCut: false };
  }

  #restart(us: number, nowMs: number, ms: number): { readonly ms: number; readonly isCut: boolean } {
    this.#originUs = us;
    this.#originMs = nowMs + ms;
    this.#lastUs = us;
    return { ms, isCut: ms > 0 };
  }
}
