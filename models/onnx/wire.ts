import { invalidModel } from '../trees/forest.ts';

/**
 * The part of the protocol buffer wire format that ONNX files use: varint (0), 64-bit (1), length-delimited (2) and
 * 32-bit (5) fields. https://protobuf.dev/programming-guides/encoding/
 */
export const WireType = { Varint: 0, Fixed64: 1, Bytes: 2, Fixed32: 5 } as const;

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder('utf-8', { fatal: true });
const TWO_32 = 0x1_0000_0000;

/** Appends fields to a growing buffer. */
export class WireWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** An int64 field; the value must be a safe integer. */
  int(field: number, value: number): this {
    this.#tag(field, WireType.Varint);
    this.#varint(value);
    return this;
  }

  float(field: number, value: number): this {
    this.#tag(field, WireType.Fixed32);
    const at = this.#reserve(4);
    new DataView(this.#bytes.buffer).setFloat32(at, value, true);
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, WireType.Bytes);
    this.#varint(value.length);
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, utf8Encoder.encode(value));
  }

  message(field: number, value: WireWriter): this {
    return this.bytes(field, value.#bytes.subarray(0, value.#length));
  }

  /** repeated int64, packed. */
  ints(field: number, values: ArrayLike<number>): this {
    const packed = new WireWriter();
    for (let i = 0; i < values.length; i++) packed.#varint(values[i]!);
    return this.message(field, packed);
  }

  /** repeated float, packed. */
  floats(field: number, values: ArrayLike<number>): this {
    const packed = new Uint8Array(values.length * 4);
    const view = new DataView(packed.buffer);
    for (let i = 0; i < values.length; i++) view.setFloat32(4 * i, values[i]!, true);
    return this.bytes(field, packed);
  }

  #tag(field: number, type: number): void {
    this.#varint(field * 8 + type);
  }

  /** Negative numbers take ten bytes: the 64-bit two's complement. */
  #varint(value: number): void {
    let low = (value % TWO_32) >>> 0;
    let high = Math.floor(value / TWO_32) >>> 0;
    let at = this.#reserve(10);
    const bytes = this.#bytes;
    while (high !== 0 || low > 0x7f) {
      bytes[at++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    bytes[at++] = low;
    this.#length = at;
  }

  #reserve(count: number): number {
    const at = this.#length;
    if (at + count > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#bytes.length * 2, at + count));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#length = at + count;
    return at;
  }
}

/**
 * Walks the fields of one message. Hostile input: every length is checked against the message's end before use, nothing
 * is allocated that is larger than the message, and anything else throws ModelInvalid.
 *
 *     while (reader.next()) switch (reader.field) { case 1: name = reader.text(); break; default: reader.skip(); }
 */
export class WireReader {
  field = 0;
  type = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
    this.#end = end;
  }

  /** Steps to the next field; its value must then be read or skipped. False at the end. */
  next(): boolean {
    if (this.#at >= this.#end) return false;
    const tag = this.#varint();
    this.field = Math.floor(tag / 8);
    this.type = tag % 8;
    if (this.field < 1 || tag >= TWO_32) throw invalidModel('the model file is not protocol buffers', 'an ONNX file');
    return true;
  }

  int(): number {
    this.#expect(WireType.Varint);
    return this.#varint();
  }

  float(): number {
    this.#expect(WireType.Fixed32);
    return this.#view.getFloat32(this.#take(4), true);
  }

  /** A view of the file, not a copy. */
  bytes(): Uint8Array {
    this.#expect(WireType.Bytes);
    const length = this.#varint();
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** @param known texts that are likely: of these no other copy is made */
  text(known: readonly string[] = []): string {
    const bytes = this.bytes();
    for (const text of known) if (isAscii(bytes, text)) return text;
    try {
      return utf8Decoder.decode(bytes);
    } catch (cause) {
      if (cause instanceof TypeError)
        throw invalidModel('the model file holds a name that is not UTF-8', 'UTF-8', cause);
      throw cause;
    }
  }

  message(): WireReader {
    this.#expect(WireType.Bytes);
    const length = this.#varint();
    const at = this.#take(length);
    return new WireReader(this.#bytes, at, at + length);
  }

  /** One or, where packed, many int64: appended to `out`, which may hold `limit` in all. */
  ints(out: number[], limit: number): void {
    if (out.length >= limit) throw tooLong(limit);
    if (this.type === WireType.Varint) {
      out.push(this.#varint());
      return;
    }
    this.message().#unpack(out, limit);
  }

  /** All that is left, as varints. Most of a model are these, and most of them small: those are read without a call. */
  #unpack(out: number[], limit: number): void {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = this.#at;
    for (let room = limit - out.length; at < end; room--) {
      if (room <= 0) throw tooLong(limit);
      const low = bytes[at]!;
      const high = at + 1 < end ? bytes[at + 1]! : 0x80;
      if (low < 0x80) {
        out.push(low);
        at++;
      } else if (high < 0x80) {
        out.push((low & 0x7f) | (high << 7));
        at += 2;
      } else {
        this.#at = at;
        out.push(this.#varint());
        at = this.#at;
      }
    }
  }

  /** One or, where packed, many floats: appended to `out`, which may hold `limit` in all. */
  floats(out: number[], limit: number): void {
    if (out.length >= limit) throw tooLong(limit);
    if (this.type === WireType.Fixed32) {
      out.push(this.float());
      return;
    }
    const packed = this.message();
    const view = this.#view;
    const end = packed.#end;
    if ((end - packed.#at) % 4 !== 0) throw invalidModel('the model file holds a broken list', '4-byte floats');
    if (out.length + (end - packed.#at) / 4 > limit) throw tooLong(limit);
    for (let at = packed.#at; at < end; at += 4) out.push(view.getFloat32(at, true));
  }

  skip(): void {
    if (this.type === WireType.Varint) this.#varint();
    else if (this.type === WireType.Fixed64) this.#take(8);
    else if (this.type === WireType.Fixed32) this.#take(4);
    else {
      this.#expect(WireType.Bytes);
      this.#take(this.#varint());
    }
  }

  #expect(type: number): void {
    if (this.type !== type) {
      throw invalidModel(`the model file has wire type ${this.type} in field ${this.field}`, `wire type ${type}`);
    }
  }

  /** Claims `length` bytes and returns where they start. */
  #take(length: number): number {
    const at = this.#at;
    if (!(length >= 0 && length <= this.#end - at)) throw cutOff();
    this.#at = at + length;
    return at;
  }

  /** A signed 64-bit integer as a double; values beyond 2^53 are rounded, and every caller bounds what it uses. */
  #varint(): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= this.#end) throw cutOff();
      const byte = this.#bytes[this.#at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (shift - 32);
      // Most are small integers, and stay such in the engine's own representation.
      if (byte < 0x80) return high === 0 && low >= 0 ? low : (high | 0) * TWO_32 + (low >>> 0);
    }
    throw invalidModel('the model file holds an endless number', 'at most ten bytes per varint');
  }
}

function isAscii(bytes: Uint8Array, text: string): boolean {
  if (bytes.length !== text.length) return false;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== text.charCodeAt(i)) return false;
  return true;
}

function cutOff(): Error {
  return invalidModel('the model file is cut off or damaged', 'a complete ONNX file');
}

function tooLong(limit: number): Error {
  return invalidModel('the model file holds a list that is too long', `at most ${limit} entries`);
}
