/**
 * Reads JSON objects (RFC 8259) out of a stream that comes in pieces, byte by byte and without holding the bytes: several
 * in a row with anything or nothing between them, and those in an array, which is a batch (JSON-RPC 2.0, 6). What is no
 * JSON ends the object, and the next one is looked for behind the line's end. Controls inside strings are let pass.
 */
import { keyOf } from './json-keys.ts';
import { JsonKind, JsonMessage, KEPT_DEPTH } from './json-message.ts';
import { MINING_LIMITS } from './limits.ts';

/** What became of the bytes that were fed. */
export const ScanStatus = {
  /** All were taken, and no object is over. */
  More: 0,
  /** An object is over: `message` is what is kept of it. */
  Whole: 1,
  /** This is no JSON, or more of it than is read. */
  Broken: 2,
} as const;
export type ScanStatus = (typeof ScanStatus)[keyof typeof ScanStatus];

/** What may come next. */
const Expect = {
  /** Between objects. */
  Object: 0,
  /** Whatever comes, up to the end of a line. */
  LineEnd: 1,
  Value: 2,
  /** A value or the end of the array. */
  FirstValue: 3,
  Key: 4,
  /** A name or the end of the object. */
  FirstKey: 5,
  Colon: 6,
  /** A comma or the end of the container. */
  Comma: 7,
  String: 8,
  Escape: 9,
  Unicode: 10,
  Number: 11,
  Literal: 12,
} as const;
type Expect = (typeof Expect)[keyof typeof Expect];

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_ARRAY = 91;
const BACKSLASH = 92;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
const LETTER_U = 117;
const REPLACEMENT = 0xfffd;

/** What stands behind a backslash, and what it means. */
const ESCAPES = new Uint8Array(256);
for (const [letter, meaning] of [...'""\\\\//b\bf\fn\nr\rt\t'.matchAll(/../gs)].map(([pair]) => pair)) {
  ESCAPES[letter!.charCodeAt(0)] = meaning!.charCodeAt(0);
}
const LITERALS: Readonly<Record<number, { readonly rest: string; readonly kind: JsonKind }>> = {
  116: { rest: 'rue', kind: JsonKind.True },
  102: { rest: 'alse', kind: JsonKind.False },
  110: { rest: 'ull', kind: JsonKind.Null },
};

const IS_HEX = new Uint8Array(256);
for (const digit of '0123456789abcdefABCDEF') IS_HEX[digit.charCodeAt(0)] = 1;
const IS_NUMBER = new Uint8Array(256);
for (const char of '0123456789+-.eE') IS_NUMBER[char.charCodeAt(0)] = 1;
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

export class JsonScanner {
  /** The object that was read last, while it is read as far as it is; valid until the next is begun. */
  readonly message = new JsonMessage();
  /** Where the last call of `feed` stopped. */
  at = 0;
  #expect: Expect = Expect.Object;
  /** Containers that are open; the value that each is, -1 if it is not kept; how many items it had; 1 for an array. */
  #depth = 0;
  readonly #values = new Int16Array(MINING_LIMITS.depth);
  readonly #items = new Float64Array(MINING_LIMITS.depth);
  readonly #arrays = new Uint8Array(MINING_LIMITS.depth);
  #bytes = 0;
  /** The string or number that is read: a name, or value `#value` (-1 if it is not kept). */
  #isKey = false;
  #value = -1;
  #length = 0;
  #isHex = false;
  /** The name that the next value has. */
  #key = 0;
  readonly #keyBytes = new Uint8Array(MINING_LIMITS.keyBytes);
  /** Of `\u....`: digits that are still to come, and what they say by now; a high surrogate before it, or 0. */
  #digits = 0;
  #unit = 0;
  #high = 0;
  #literal = '';
  #literalAt = 0;
  readonly #number = new Uint8Array(MINING_LIMITS.numberBytes);

  /** True if an object is begun and not over. */
  get isInside(): boolean {
    return this.#depth > 0;
  }

  /** True if the rest of the line is none of an object's. */
  get isSkipping(): boolean {
    return this.#expect === Expect.LineEnd;
  }

  /** The next byte begins something new. */
  reset(): void {
    this.#expect = Expect.Object;
    this.#depth = 0;
    this.#bytes = 0;
  }

  /** An object begins behind the end of the line. */
  skipLine(): void {
    this.reset();
    this.#expect = Expect.LineEnd;
  }

  /** Takes `bytes[at, end)` up to the end of an object; `this.at` says how far it came. */
  feed(bytes: Uint8Array, at: number, end: number): ScanStatus {
    const from = at;
    while (at < end) {
      const isOpen = this.#depth > 0;
      if (this.#expect === Expect.String) at = this.#string(bytes, at, end);
      else if (!this.#take(bytes[at]!)) return this.#break(at);
      else at++;
      if (isOpen && this.#depth === 0) {
        this.at = at;
        this.#bytes = 0;
        return ScanStatus.Whole;
      }
    }
    this.at = at;
    this.#bytes = this.#depth > 0 ? this.#bytes + at - from : 0;
    return this.#bytes > MINING_LIMITS.messageBytes ? this.#break(at) : ScanStatus.More;
  }

  /** Gives the object up; what follows on its line is skipped. */
  #break(at: number): ScanStatus {
    this.at = at;
    this.#bytes = 0;
    this.#depth = 0;
    this.#expect = Expect.LineEnd;
    return ScanStatus.Broken;
  }

  /** Takes one byte; false if it cannot stand here. */
  #take(byte: number): boolean {
    switch (this.#expect) {
      case Expect.Object:
        return this.#between(byte);
      case Expect.LineEnd:
        if (byte === LF) this.#expect = Expect.Object;
        return true;
      case Expect.Value:
      case Expect.FirstValue:
        return this.#beginValue(byte);
      case Expect.Key:
      case Expect.FirstKey:
        return this.#beginKey(byte);
      case Expect.Colon:
        if (byte === COLON) this.#expect = Expect.Value;
        return byte === COLON || isBlank(byte);
      case Expect.Comma:
        return this.#behindValue(byte);
      case Expect.Escape:
        return this.#escape(byte);
      case Expect.Unicode:
        return this.#unicode(byte);
      case Expect.Number:
        return this.#numberByte(byte);
      case Expect.Literal:
        return this.#literalByte(byte);
      default:
        return false;
    }
  }

  /** Between objects stand blanks, and the brackets and commas of batches. */
  #between(byte: number): boolean {
    if (byte === OPEN_OBJECT) {
      this.message.clear();
      this.#key = 0;
      this.#open(JsonKind.Object);
      return true;
    }
    return isBlank(byte) || byte === COMMA || byte === OPEN_ARRAY || byte === CLOSE_ARRAY;
  }

  #beginValue(byte: number): boolean {
    if (isBlank(byte)) return true;
    if (byte === QUOTE) {
      this.#value = this.#add(JsonKind.String);
      this.#beginString(false);
      return true;
    }
    if (byte === OPEN_OBJECT) return this.#open(JsonKind.Object);
    if (byte === OPEN_ARRAY) return this.#open(JsonKind.Array);
    if (byte === CLOSE_ARRAY) return this.#expect === Expect.FirstValue && this.#close(1);
    const literal = LITERALS[byte];
    if (literal !== undefined) {
      this.#add(literal.kind);
      this.#literal = literal.rest;
      this.#literalAt = 0;
      this.#expect = Expect.Literal;
      return true;
    }
    if (IS_NUMBER[byte] === 0) return false;
    this.#value = this.#add(JsonKind.Number);
    this.#length = 0;
    this.#expect = Expect.Number;
    return this.#numberByte(byte);
  }

  #beginKey(byte: number): boolean {
    if (isBlank(byte)) return true;
    if (byte === CLOSE_OBJECT) return this.#expect === Expect.FirstKey && this.#close(0);
    if (byte !== QUOTE) return false;
    this.#beginString(true);
    return true;
  }

  #beginString(isKey: boolean): void {
    this.#isKey = isKey;
    this.#length = 0;
    this.#high = 0;
    this.#isHex = true;
    this.#expect = Expect.String;
  }

  /** Bytes of a string up to its end or an escape; returns where the next byte stands. */
  #string(bytes: Uint8Array, at: number, end: number): number {
    while (at < end) {
      const byte = bytes[at++]!;
      if (byte === QUOTE) {
        this.#endString();
        return at;
      }
      if (byte === BACKSLASH) {
        this.#expect = Expect.Escape;
        return at;
      }
      if (this.#high !== 0) this.#flushHigh();
      this.#byte(byte);
    }
    return at;
  }

  #byte(byte: number): void {
    const length = this.#length++;
    if (this.#isKey) {
      if (length < this.#keyBytes.length) this.#keyBytes[length] = byte;
      return;
    }
    if (IS_HEX[byte] === 0 && !(length === 1 && (byte | 32) === 120)) this.#isHex = false;
    if (this.#value >= 0) this.message.append(this.#value, byte);
  }

  #endString(): void {
    if (this.#high !== 0) this.#flushHigh();
    if (this.#isKey) {
      this.#key = this.#length <= this.#keyBytes.length ? keyOf(this.#keyBytes, this.#length) : 0;
      this.#expect = Expect.Colon;
      return;
    }
    if (this.#value >= 0) {
      this.message.lengths[this.#value] = this.#length;
      this.message.hex[this.#value] = this.#isHex && this.#length > 0 ? 1 : 0;
    }
    this.#expect = Expect.Comma;
  }

  #escape(byte: number): boolean {
    if (byte === LETTER_U) {
      this.#digits = 4;
      this.#unit = 0;
      this.#expect = Expect.Unicode;
      return true;
    }
    if (ESCAPES[byte] === 0) return false;
    if (this.#high !== 0) this.#flushHigh();
    this.#byte(ESCAPES[byte]!);
    this.#expect = Expect.String;
    return true;
  }

  #unicode(byte: number): boolean {
    if (IS_HEX[byte] === 0) return false;
    this.#unit = (this.#unit << 4) | (byte <= 57 ? byte - 48 : (byte | 32) - 87);
    if (--this.#digits > 0) return true;
    this.#expect = Expect.String;
    const unit = this.#unit;
    const isLow = unit >= 0xdc00 && unit < 0xe000;
    if (this.#high !== 0 && isLow) {
      this.#codePoint(0x10000 + ((this.#high - 0xd800) << 10) + (unit - 0xdc00));
      this.#high = 0;
      return true;
    }
    if (this.#high !== 0) this.#flushHigh();
    if (unit >= 0xd800 && unit < 0xdc00) this.#high = unit;
    else this.#codePoint(isLow ? REPLACEMENT : unit);
    return true;
  }

  /** Half a pair of surrogates is no character. */
  #flushHigh(): void {
    this.#high = 0;
    this.#codePoint(REPLACEMENT);
  }

  /** Writes a character in UTF-8 (RFC 3629). */
  #codePoint(code: number): void {
    if (code < 0x80) {
      this.#byte(code);
      return;
    }
    if (code < 0x800) this.#byte(0xc0 | (code >> 6));
    else {
      if (code < 0x10000) this.#byte(0xe0 | (code >> 12));
      else {
        this.#byte(0xf0 | (code >> 18));
        this.#byte(0x80 | ((code >> 12) & 63));
      }
      this.#byte(0x80 | ((code >> 6) & 63));
    }
    this.#byte(0x80 | (code & 63));
  }

  #numberByte(byte: number): boolean {
    if (IS_NUMBER[byte] === 0) return this.#endNumber() && this.#behindValue(byte);
    if (this.#length < this.#number.length) this.#number[this.#length] = byte;
    this.#length++;
    return true;
  }

  /** A number with more digits than are read is one whose value is not known. */
  #endNumber(): boolean {
    this.#expect = Expect.Comma;
    if (this.#length > this.#number.length) return true;
    let text = '';
    for (let i = 0; i < this.#length; i++) text += String.fromCharCode(this.#number[i]!);
    if (!NUMBER.test(text)) return false;
    if (this.#value >= 0) for (let i = 0; i < this.#length; i++) this.message.append(this.#value, this.#number[i]!);
    return true;
  }

  #literalByte(byte: number): boolean {
    if (byte !== this.#literal.charCodeAt(this.#literalAt)) return false;
    if (++this.#literalAt === this.#literal.length) this.#expect = Expect.Comma;
    return true;
  }

  #behindValue(byte: number): boolean {
    if (isBlank(byte)) return true;
    const isArray = this.#arrays[this.#depth - 1]!;
    if (byte === CLOSE_OBJECT) return isArray === 0 && this.#close(0);
    if (byte === CLOSE_ARRAY) return isArray === 1 && this.#close(1);
    if (byte !== COMMA) return false;
    this.#expect = isArray === 1 ? Expect.Value : Expect.Key;
    return true;
  }

  /** Adds a value to the container that is open; -1 if it is not kept. */
  #add(kind: JsonKind): number {
    const depth = this.#depth;
    if (depth === 0) return this.message.add(kind, -1, 0, 0);
    const place = this.#items[depth - 1]!;
    this.#items[depth - 1]!++;
    const key = this.#arrays[depth - 1] === 1 ? 0 : this.#key;
    const parent = this.#values[depth - 1]!;
    const isFar = this.#arrays[depth - 1] === 1 && place >= MINING_LIMITS.items;
    if (parent < 0 || depth > KEPT_DEPTH || isFar) return -1;
    return this.message.add(kind, parent, key, place);
  }

  #open(kind: typeof JsonKind.Object | typeof JsonKind.Array): boolean {
    if (this.#depth === MINING_LIMITS.depth) return false;
    const isArray = kind === JsonKind.Array;
    const value = this.#add(kind);
    this.#values[this.#depth] = value;
    this.#items[this.#depth] = 0;
    this.#arrays[this.#depth] = isArray ? 1 : 0;
    this.#depth++;
    this.#expect = isArray ? Expect.FirstValue : Expect.FirstKey;
    return true;
  }

  /** Ends the container; false if it is of the other kind. */
  #close(isArray: 0 | 1): boolean {
    const depth = --this.#depth;
    if (this.#arrays[depth] !== isArray) return false;
    const value = this.#values[depth]!;
    if (value >= 0) this.message.lengths[value] = this.#items[depth]!;
    this.#expect = depth === 0 ? Expect.Object : Expect.Comma;
    return true;
  }
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === LF || byte === CR || byte === TAB;
}
