/** The blocks of pcapng that packets refer to: the section's header and its interfaces. A stream that goes on begins with them. */
const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
const LITTLE_MAGIC = 0x4d;
const BLOCK_OVERHEAD = 12;
/** Of a capture with thousands of interfaces the first must do. */
const MOST_BYTES = 1 << 20;

export class SectionHeaders {
  #blocks: Uint8Array[] = [];
  #size = 0;
  #little = true;

  /** Takes `view[0, end)`: whole blocks, which have been checked. */
  take(view: DataView, end: number): void {
    for (let at = 0; end - at >= BLOCK_OVERHEAD; ) {
      const type = view.getUint32(at, this.#little);
      // The same in both byte orders.
      if (type === SECTION) this.#begin(view, at);
      const length = (view.getUint32(at + 4, this.#little) + 3) & ~3;
      if (length < BLOCK_OVERHEAD || length > end - at) return;
      if (type === SECTION || type === INTERFACE) this.#keep(view, at, length);
      at += length;
    }
  }

  bytes(): Uint8Array {
    const all = new Uint8Array(this.#size);
    let at = 0;
    for (const block of this.#blocks) {
      all.set(block, at);
      at += block.length;
    }
    return all;
  }

  #begin(view: DataView, at: number): void {
    this.#blocks = [];
    this.#size = 0;
    this.#little = view.getUint8(at + 8) === LITTLE_MAGIC;
  }

  #keep(view: DataView, at: number, length: number): void {
    if (this.#size + length > MOST_BYTES) return;
    this.#blocks.push(new Uint8Array(view.buffer, view.byteOffset + at, length).slice());
    this.#size += length;
  }
}
