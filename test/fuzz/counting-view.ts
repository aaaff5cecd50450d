/** A view that refuses to be read outside of the frame, and more often than the frame's length allows. */
export class CountingView extends DataView<ArrayBuffer> {
  /** The frame is `[from, to)`. */
  from = 0;
  to = 0;
  /** Reads that are left. */
  reads = 0;

  override getUint8(at: number): number {
    this.#check(at, 1);
    return super.getUint8(at);
  }

  override getUint16(at: number, little?: boolean): number {
    this.#check(at, 2);
    return super.getUint16(at, little);
  }

  override getUint32(at: number, little?: boolean): number {
    this.#check(at, 4);
    return super.getUint32(at, little);
  }

  override getInt32(at: number, little?: boolean): number {
    this.#check(at, 4);
    return super.getInt32(at, little);
  }

  #check(at: number, bytes: number): void {
    if (--this.reads < 0) throw new Error(`too many reads of a frame of ${this.to - this.from} bytes`);
    if (at < this.from || at + bytes > this.to) {
      throw new Error(`reads ${bytes} bytes at ${at - this.from} of a frame of ${this.to - this.from} bytes`);
    }
  }
}
