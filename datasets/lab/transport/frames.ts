/** Frames of one connection in one piece of memory: a capture in the making holds hundreds of thousands. */
export class Frames {
  /** Microseconds on the clock of the capture. */
  readonly timesUs: Float64Array;
  /** Where each frame begins, and where the last one ends. */
  readonly #offsets: Uint32Array;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  count = 0;

  /** Room for so many frames and bytes. */
  constructor(frames: number, bytes: number) {
    this.timesUs = new Float64Array(frames);
    this.#offsets = new Uint32Array(frames + 1);
    this.bytes = new Uint8Array(bytes);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Takes room for the next frame; returns where it begins. */
  add(atUs: number, length: number): number {
    const at = this.#offsets[this.count]!;
    this.timesUs[this.count++] = atUs;
    this.#offsets[this.count] = at + length;
    return at;
  }

  /** The frame's own bytes, not a copy. */
  frame(index: number): Uint8Array {
    return this.bytes.subarray(this.#offsets[index], this.#offsets[index + 1]);
  }

  /** The same frames without the room that was not needed. */
  trimmed(): Frames {
    const end = this.#offsets[this.count]!;
    const trimmed = new Frames(this.count, end);
    trimmed.timesUs.set(this.timesUs.subarray(0, this.count));
    trimmed.#offsets.set(this.#offsets.subarray(0, this.count + 1));
    trimmed.bytes.set(this.bytes.subarray(0, end));
    trimmed.count = this.count;
    return trimmed;
  }
}
