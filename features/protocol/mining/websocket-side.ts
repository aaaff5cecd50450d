/** One direction of WebSocket (RFC 6455 5.2) without extensions: the payload of its text and binary frames, unmasked. */
import { MINING_LIMITS } from './limits.ts';

/** Who hears what messages say; as of a body (http-side.ts). */
export interface FrameListener {
  beginBody(): void;
  body(bytes: Uint8Array, at: number, end: number): void;
  endBody(): void;
}

const FIN = 0x80;
const RESERVED = 0x70;
const OPCODE = 0x0f;
const TEXT = 1;
const BINARY = 2;
const MASKED = 0x80;
const SHORT = 0x7f;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const KEY_BYTES = 4;
const CONTROL = 8;
const SCRATCH = new Uint8Array(2048);

export class WebSocketSide {
  /** Head of a frame, as far as it has come: at most 2 bytes, 8 of length and 4 of key. */
  readonly #head = new Uint8Array(14);
  #headLength = 0;
  #rest = 0;
  #keyAt = -1;
  #turn = 0;
  #isData = false;
  #isLast = false;
  #isOpen = false;
  /** Compressed, too large, or no frames at all: nothing more is read. */
  isLost = false;
  readonly #listener: FrameListener;

  constructor(listener: FrameListener) {
    this.#listener = listener;
  }

  /** Bytes are missing; a frame begins where a segment begins like one. */
  lose(): void {
    this.isLost = true;
    this.#headLength = 0;
    this.#rest = 0;
    this.#end();
  }

  feed(bytes: Uint8Array, at: number, end: number): void {
    if (this.isLost) {
      if (!beginsLikeFrame(bytes, at, end)) return;
      this.isLost = false;
    }
    while (at < end && !this.isLost) {
      if (this.#rest > 0) at = this.#some(bytes, at, Math.min(end, at + this.#rest));
      else {
        this.#head[this.#headLength++] = bytes[at++]!;
        this.#readHead();
      }
    }
  }

  /** Begins the payload once the head is whole. */
  #readHead(): void {
    const head = this.#head;
    if (this.#headLength < 2) return;
    const short = head[1]! & SHORT;
    const keyAt = 2 + (short === LENGTH_16 ? 2 : short === LENGTH_64 ? 8 : 0);
    const isMasked = (head[1]! & MASKED) !== 0;
    if (this.#headLength < keyAt + (isMasked ? KEY_BYTES : 0)) return;
    let length = short < LENGTH_16 ? short : 0;
    for (let i = 2; i < keyAt; i++) length = length * 256 + head[i]!;
    const opcode = head[0]! & OPCODE;
    if ((head[0]! & RESERVED) !== 0 || length > MINING_LIMITS.frameBytes) {
      this.lose();
      return;
    }
    this.#headLength = 0;
    this.#rest = length;
    this.#keyAt = isMasked ? keyAt : -1;
    this.#turn = 0;
    this.#isData = opcode < CONTROL;
    this.#isLast = (head[0]! & FIN) !== 0;
    if (opcode === TEXT || opcode === BINARY) this.#begin();
    if (length === 0) this.#endFrame();
  }

  #some(bytes: Uint8Array, at: number, end: number): number {
    const stop = Math.min(end, at + SCRATCH.length);
    if (this.#isData) {
      for (let i = at; i < stop; i++) {
        SCRATCH[i - at] = bytes[i]! ^ (this.#keyAt < 0 ? 0 : this.#head[this.#keyAt + ((this.#turn + i - at) & 3)]!);
      }
      this.#listener.body(SCRATCH, 0, stop - at);
    }
    this.#turn += stop - at;
    this.#rest -= stop - at;
    if (this.#rest === 0) this.#endFrame();
    return stop;
  }

  #endFrame(): void {
    if (this.#isData && this.#isLast) this.#end();
  }

  #begin(): void {
    this.#end();
    this.#isOpen = true;
    this.#listener.beginBody();
  }

  #end(): void {
    if (this.#isOpen) this.#listener.endBody();
    this.#isOpen = false;
  }
}

/** Whether bytes begin with a whole text frame's head and an object inside, masked or not. */
export function beginsLikeFrame(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < 8 || bytes[at] !== (FIN | TEXT)) return false;
  const second = bytes[at + 1]!;
  const short = second & SHORT;
  if (short === LENGTH_64) return false;
  const keyAt = at + 2 + (short === LENGTH_16 ? 2 : 0);
  const dataAt = (second & MASKED) === 0 ? keyAt : keyAt + KEY_BYTES;
  if (dataAt >= end) return false;
  const first = (second & MASKED) === 0 ? bytes[dataAt]! : bytes[dataAt]! ^ bytes[keyAt]!;
  return first === 0x7b;
}
