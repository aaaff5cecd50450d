/**
 * Tables of FlatBuffers (https://flatbuffers.dev/internals/), as Arrow's metadata is written, from bytes that somebody
 * else chose. Every offset and length is checked against the bytes before it is followed.
 *
 *     table:  { back to vtable:s32, fields }        vtable: { bytes:16, bytes of the table:16, offset of each field:16 }
 *     vector: { count:32, items }                   string: { bytes:32, UTF-8 }
 */

/** Bytes that are no Arrow table; the message says what is wrong with them. */
export class ArrowDamage extends Error {
  override readonly name = 'ArrowDamage';
}

const MAX_TEXT_BYTES = 32 * 1024 * 1024;
/** What a vector holds where it holds tables or strings. */
const OFFSET_BYTES = 4;

const decoder = new TextDecoder();

/** The bytes of a metadata block, and how much text may still be made of them: offsets may meet in one long string. */
class Block {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  textLeft = MAX_TEXT_BYTES;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  check(at: number, count: number): void {
    if (at < 0 || at + count > this.bytes.length) throw astray();
  }

  /** Where an offset leads: always forwards, so that nothing contains itself. */
  follow(at: number): number {
    this.check(at, OFFSET_BYTES);
    const offset = this.view.getUint32(at, true);
    if (offset < OFFSET_BYTES) throw astray();
    return at + offset;
  }
}

/** Structs of a vector, each so many bytes from `at` on. */
export interface Structs {
  readonly view: DataView;
  readonly at: number;
  readonly count: number;
}

const NO_STRUCTS: Structs = { view: new DataView(new ArrayBuffer(0)), at: 0, count: 0 };

export class FlatTable {
  readonly #block: Block;
  readonly #at: number;
  readonly #vtable: number;
  readonly #fields: number;

  private constructor(block: Block, at: number) {
    block.check(at, 4);
    const vtable = at - block.view.getInt32(at, true);
    block.check(vtable, 4);
    const size = block.view.getUint16(vtable, true);
    if (size < 4) throw astray();
    block.check(vtable, size);
    this.#block = block;
    this.#at = at;
    this.#vtable = vtable;
    this.#fields = (size - 4) >> 1;
  }

  /** The table that a block begins with. */
  static root(bytes: Uint8Array): FlatTable {
    const block = new Block(bytes);
    return new FlatTable(block, block.follow(0));
  }

  int8(field: number, otherwise: number): number {
    const at = this.#place(field, 1);
    return at < 0 ? otherwise : this.#block.view.getInt8(at);
  }

  int16(field: number, otherwise: number): number {
    const at = this.#place(field, 2);
    return at < 0 ? otherwise : this.#block.view.getInt16(at, true);
  }

  int32(field: number, otherwise: number): number {
    const at = this.#place(field, 4);
    return at < 0 ? otherwise : this.#block.view.getInt32(at, true);
  }

  /** A count or a length: neither negative nor beyond what a double holds. */
  size(field: number): number {
    const at = this.#place(field, 8);
    return at < 0 ? 0 : sizeAt(this.#block.view, at);
  }

  /** Any 64-bit number, to be told from others. */
  id(field: number): bigint {
    const at = this.#place(field, 8);
    return at < 0 ? 0n : this.#block.view.getBigInt64(at, true);
  }

  table(field: number): FlatTable | null {
    const at = this.#place(field, OFFSET_BYTES);
    return at < 0 ? null : new FlatTable(this.#block, this.#block.follow(at));
  }

  text(field: number): string {
    const at = this.#place(field, OFFSET_BYTES);
    if (at < 0) return '';
    const start = this.#block.follow(at);
    const length = this.#count(start, 1);
    this.#block.textLeft -= length;
    if (this.#block.textLeft < 0) throw new ArrowDamage('its names are longer than is read');
    return decoder.decode(this.#block.bytes.subarray(start + 4, start + 4 + length));
  }

  /** @param most tables that are taken; more are damage */
  tables(field: number, most: number): FlatTable[] {
    const at = this.#place(field, OFFSET_BYTES);
    if (at < 0) return [];
    const start = this.#block.follow(at);
    const count = this.#count(start, OFFSET_BYTES);
    if (count > most) throw new ArrowDamage('it lists more than is read');
    return Array.from(
      { length: count },
      (_, i) => new FlatTable(this.#block, this.#block.follow(start + 4 + OFFSET_BYTES * i)),
    );
  }

  structs(field: number, bytesEach: number): Structs {
    const at = this.#place(field, OFFSET_BYTES);
    if (at < 0) return NO_STRUCTS;
    const start = this.#block.follow(at);
    return { view: this.#block.view, at: start + 4, count: this.#count(start, bytesEach) };
  }

  /** Where a field of so many bytes lies, -1 where the table leaves it out. */
  #place(field: number, count: number): number {
    if (field >= this.#fields) return -1;
    const offset = this.#block.view.getUint16(this.#vtable + 4 + 2 * field, true);
    if (offset === 0) return -1;
    this.#block.check(this.#at + offset, count);
    return this.#at + offset;
  }

  #count(at: number, bytesEach: number): number {
    this.#block.check(at, 4);
    const count = this.#block.view.getUint32(at, true);
    this.#block.check(at + 4, count * bytesEach);
    return count;
  }
}

/** A 64-bit count or length. */
export function sizeAt(view: DataView, at: number): number {
  const size = Number(view.getBigInt64(at, true));
  if (size < 0 || !Number.isSafeInteger(size)) throw astray();
  return size;
}

function astray(): ArrowDamage {
  return new ArrowDamage('its metadata is damaged');
}
