/**
 * Between a source and its sink: a stream begins for the sink only once its first bytes are those of a capture, each that
 * began ends exactly once, and what passes is counted.
 */
import { looksLikeCapture, notACapture } from '../../features/capture/reader.ts';
import type { StreamSink } from '../live/source.ts';

const MAGIC_BYTES = 4;

export class Outlet {
  /** Streams that were begun. */
  streams = 0;
  /** Bytes handed on. */
  bytes = 0;
  readonly #sink: StreamSink;
  readonly #head = new Uint8Array(MAGIC_BYTES);
  #held = 0;
  #name = '';
  #isBegun = false;

  constructor(sink: StreamSink) {
    this.#sink = sink;
  }

  /** A stream will come, of this name; the one before has been closed. */
  open(name: string): void {
    this.#name = name;
    this.#held = 0;
  }

  /** True once the stream has begun like a capture. */
  get isBegun(): boolean {
    return this.#isBegun;
  }

  /**
   * As StreamSink.write.
   *
   * @throws FlowlampError NOT_A_CAPTURE for other first bytes, and whatever the sink throws
   */
  write(piece: Uint8Array): void | Promise<void> {
    if (!this.#isBegun) return this.#begin(piece);
    this.bytes += piece.length;
    return this.#sink.write(piece);
  }

  /** The stream is over. Harmless where none is. */
  async close(): Promise<void> {
    if (!this.#isBegun) return;
    this.#isBegun = false;
    await this.#sink.end();
  }

  /** The same of a stream that failed: what the sink says of its end adds nothing. */
  async giveUp(): Promise<void> {
    try {
      await this.close();
    } catch {
      // The first failure is the one that is told.
    }
  }

  #begin(piece: Uint8Array): void | Promise<void> {
    const missing = MAGIC_BYTES - this.#held;
    this.#head.set(piece.subarray(0, missing), this.#held);
    this.#held += Math.min(missing, piece.length);
    if (this.#held < MAGIC_BYTES) return;
    if (!looksLikeCapture(this.#head)) throw notACapture(this.#name);
    this.#isBegun = true;
    this.streams++;
    this.#sink.begin(this.#name);
    if (missing === MAGIC_BYTES) return this.write(piece);
    const rest = piece.subarray(missing);
    const room = this.write(this.#head);
    return room === undefined ? this.write(rest) : room.then(() => this.write(rest));
  }
}

/** Everything of `pieces`, each when there is room for it. */
export async function pump(pieces: AsyncIterable<Uint8Array>, outlet: Outlet): Promise<void> {
  for await (const piece of pieces) {
    const room = outlet.write(piece);
    if (room !== undefined) await room;
  }
}
