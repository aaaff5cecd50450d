/**
 * Reader of Thrift's compact protocol, in which Parquet's metadata is written
 * (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md).
 *
 *     struct := { (delta:4 type:4 [id:zigzag if delta = 0]) value } 00
 *     list   := (size:4 type:4 [size:varint if 15]) value*
 *
 * It hands out one field after another, so that what nobody asks for takes no memory.
 */
import { PARQUET_LIMITS } from './limits.ts';

/** What is wrong with a Parquet file, in words that follow its name. */
export class ParquetDamage extends Error {
  override readonly name = 'ParquetDamage';
}

export const ThriftType = {
  True: 1,
  False: 2,
  Byte: 3,
  I16: 4,
  I32: 5,
  I64: 6,
  Double: 7,
  Binary: 8,
  List: 9,
  Set: 10,
  Map: 11,
  Struct: 12,
} as const;

/** Takes the value of a field from the reader and returns true, or leaves it where it is and returns false. */
export type FieldVisitor = (id: number, type: number) => boolean;

const VARINT_BYTES = 10;
const decoder = new TextDecoder();

export class ThriftReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;
  #depth = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Shows the fields of a structure, and steps over those that are not taken. */
  struct(visit: FieldVisitor): void {
    this.#enter();
    let id = 0;
    for (;;) {
      const head = this.#byte();
      const type = head & 15;
      if (type === 0) break;
      id = head >> 4 === 0 ? this.integer() : id + (head >> 4);
      if (!visit(id, type)) this.skip(type);
    }
    this.#depth--;
  }

  /** Calls for each item of a list of structures, as `struct` does. */
  list(item: () => void): void {
    const { size } = this.#listHead();
    for (let i = 0; i < size; i++) item();
  }

  /** A zigzag number; exact up to 2^53. */
  integer(): number {
    let low = 0;
    let scale = 1;
    for (let i = 0; i < VARINT_BYTES; i++) {
      const byte = this.#byte();
      low += (byte & 127) * scale;
      if (byte < 128) return low % 2 === 0 ? low / 2 : -(low + 1) / 2;
      scale *= 128;
    }
    throw new ParquetDamage('a number in its metadata does not end');
  }

  byte(): number {
    return this.#byte();
  }

  text(): string {
    return decoder.decode(this.binary());
  }

  /** A view of the bytes of the file. */
  binary(): Uint8Array {
    const length = this.#size();
    const start = this.at;
    this.at += length;
    return this.#bytes.subarray(start, this.at);
  }

  skip(type: number): void {
    switch (type) {
      case ThriftType.True:
      case ThriftType.False:
        return;
      case ThriftType.Byte:
        this.#step(1);
        return;
      case ThriftType.I16:
      case ThriftType.I32:
      case ThriftType.I64:
        this.integer();
        return;
      case ThriftType.Double:
        this.#step(8);
        return;
      case ThriftType.Binary:
        this.binary();
        return;
      case ThriftType.Struct:
        this.struct(() => false);
        return;
      case ThriftType.List:
      case ThriftType.Set:
        this.#skipList();
        return;
      default:
        throw new ParquetDamage('its metadata holds what Parquet does not have');
    }
  }

  #skipList(): void {
    this.#enter();
    const { size, type } = this.#listHead();
    for (let i = 0; i < size; i++) {
      // In a list a truth value takes a byte, as a field it takes none.
      if (type === ThriftType.True || type === ThriftType.False) this.#step(1);
      else this.skip(type);
    }
    this.#depth--;
  }

  /** Every item takes a byte or more, so a list is no longer than the rest of the bytes. */
  #listHead(): { size: number; type: number } {
    const head = this.#byte();
    const size = head >> 4 === 15 ? this.#size() : head >> 4;
    if (size > this.#bytes.length - this.at) throw cutOff();
    return { size, type: head & 15 };
  }

  /** A varint that counts bytes which are there. */
  #size(): number {
    let size = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte();
      size += (byte & 127) * 2 ** shift;
      if (byte >= 128) continue;
      if (size > this.#bytes.length - this.at) throw cutOff();
      return size;
    }
    throw new ParquetDamage('a length in its metadata does not end');
  }

  #enter(): void {
    if (++this.#depth > PARQUET_LIMITS.thriftDepth) throw new ParquetDamage('its metadata is too deep');
  }

  #byte(): number {
    if (this.at >= this.#bytes.length) throw cutOff();
    return this.#view.getUint8(this.at++);
  }

  #step(count: number): void {
    this.at += count;
    if (this.at > this.#bytes.length) throw cutOff();
  }
}

/** Thrown where bytes end too early; a page header is then tried again with more of them. */
export class CutOff extends ParquetDamage {}

function cutOff(): CutOff {
  return new CutOff('its metadata is cut off');
}
