/**
 * Frames in one piece of memory, the oldest giving way to the newest. Those of one owner are linked, so that they can be found
 * again; nothing is allocated for a frame.
 *
 * A place is a number that only grows; its offset is what is left of it divided by the size. A frame is never parted: where
 * it does not fit before the end of the memory, a filler stands there.
 */

/** Where things stand in a record, before the bytes of the frame. */
const BYTES = 0;
const OWNER = 4;
const GENERATION = 8;
const CAPTURED = 12;
const WIRE = 16;
const NS = 20;
const LINK_TYPE = 22;
const US = 24;
const NEXT = 32;
const HEADER_BYTES = 40;
const FILLER = 0xffff_ffff;
/** Up to here a loop is faster than a call that copies. */
const SHORT_FRAME = 96;
/** No place. */
export const NOWHERE = -1;

/** Who is told that a frame gives way. */
export type OnReleased = (owner: number, generation: number, place: number, next: number) => void;

export class FrameRing {
  readonly #size: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #onReleased: OnReleased;
  /** All bytes of the buffer that the last frame came from. */
  #source: Uint8Array = new Uint8Array(0);
  /** The records that there are stand in `[#oldest, #end)`. */
  #oldest = 0;
  #end = 0;
  /** Frames that have given way. */
  released = 0;

  constructor(size: number, onReleased: OnReleased) {
    this.#size = Math.max(1 << 16, size & ~7);
    this.#bytes = new Uint8Array(this.#size);
    this.#view = new DataView(this.#bytes.buffer);
    this.#onReleased = onReleased;
  }

  /** Bytes of the longest frame that may be added. */
  get longest(): number {
    return this.#size >> 2;
  }

  /** Bytes that are taken. */
  get used(): number {
    return this.#end - this.#oldest;
  }

  /**
   * Copies `from[at, end)`, at most `longest` bytes.
   *
   * @param previous the owner's frame before this one, which must still be there, or NOWHERE
   * @returns the place of the frame
   */
  add(
    owner: number,
    generation: number,
    previous: number,
    from: DataView,
    at: number,
    end: number,
    wireLength: number,
    us: number,
    ns: number,
    linkType: number,
  ): number {
    const length = (HEADER_BYTES + end - at + 7) & ~7;
    const place = this.#reserve(length);
    const offset = place % this.#size;
    const view = this.#view;
    view.setUint32(offset + BYTES, length);
    view.setUint32(offset + OWNER, owner);
    view.setUint32(offset + GENERATION, generation);
    view.setUint32(offset + CAPTURED, end - at);
    view.setUint32(offset + WIRE, wireLength);
    view.setUint16(offset + NS, ns);
    view.setUint16(offset + LINK_TYPE, linkType);
    view.setFloat64(offset + US, us);
    view.setFloat64(offset + NEXT, NOWHERE);
    this.#copy(from, at, end, offset + HEADER_BYTES);
    if (previous >= this.#oldest) view.setFloat64((previous % this.#size) + NEXT, place);
    return place;
  }

  /**
   * Shows the frames from one on.
   *
   * @param visit `frame` is borrowed: valid during the call
   */
  each(
    first: number,
    visit: (frame: Uint8Array, wireLength: number, us: number, ns: number, linkType: number) => void,
  ): void {
    const view = this.#view;
    for (let place = first; place >= this.#oldest; ) {
      const offset = place % this.#size;
      const bytesAt = offset + HEADER_BYTES;
      visit(
        this.#bytes.subarray(bytesAt, bytesAt + view.getUint32(offset + CAPTURED)),
        view.getUint32(offset + WIRE),
        view.getFloat64(offset + US),
        view.getUint16(offset + NS),
        view.getUint16(offset + LINK_TYPE),
      );
      place = view.getFloat64(offset + NEXT);
    }
  }

  #copy(from: DataView, at: number, end: number, to: number): void {
    // Pieces of a capture come one after the other from one buffer: its bytes are looked up once.
    if (from.buffer !== this.#source.buffer) this.#source = new Uint8Array(from.buffer);
    const source = this.#source;
    const bytes = this.#bytes;
    const start = from.byteOffset + at;
    const count = end - at;
    if (count > SHORT_FRAME) bytes.set(source.subarray(start, start + count), to);
    else for (let i = 0; i < count; i++) bytes[to + i] = source[start + i]!;
  }

  #reserve(length: number): number {
    const left = this.#size - (this.#end % this.#size);
    if (length > left) {
      this.#makeRoom(left);
      const offset = this.#end % this.#size;
      this.#view.setUint32(offset + BYTES, left);
      this.#view.setUint32(offset + OWNER, FILLER);
      this.#end += left;
    }
    this.#makeRoom(length);
    const place = this.#end;
    this.#end += length;
    return place;
  }

  #makeRoom(length: number): void {
    const view = this.#view;
    while (this.#end + length - this.#oldest > this.#size) {
      const place = this.#oldest;
      const offset = place % this.#size;
      const owner = view.getUint32(offset + OWNER);
      this.#oldest += view.getUint32(offset + BYTES);
      if (owner === FILLER) continue;
      this.released++;
      this.#onReleased(owner, view.getUint32(offset + GENERATION), place, view.getFloat64(offset + NEXT));
    }
  }
}
