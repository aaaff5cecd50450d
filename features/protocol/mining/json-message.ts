/**
 * What is kept of one JSON object: its first values, down to a few levels, in arrays that are used again for the next one.
 * Value 0 is the object itself; every other one knows which container it is in, and its name or place there.
 */
import { MINING_LIMITS } from './limits.ts';

export const JsonKind = { None: 0, Object: 1, Array: 2, String: 3, Number: 4, True: 5, False: 6, Null: 7 } as const;
export type JsonKind = (typeof JsonKind)[keyof typeof JsonKind];

/** The object itself, its members, their members and theirs: `result.job.blob`, `result[0][2]`. */
export const KEPT_DEPTH = 3;
const NONE = -1;
const { values: MOST, textBytes, valueBytes } = MINING_LIMITS;

export class JsonMessage {
  /** Values that are kept. */
  count = 0;
  /** Values that there was no room for, or that were too deep. */
  leftOut = 0;
  readonly kinds = new Uint8Array(MOST);
  /** The container that each value is in. */
  readonly parents = new Int16Array(MOST);
  /** Its name (json-keys.ts), 0 for one that is not known or an item of an array. */
  readonly keys = new Uint8Array(MOST);
  /** Its place in the container, from 0. */
  readonly places = new Uint32Array(MOST);
  /** Bytes of a string once it is decoded, or items of a container; all are counted. */
  readonly lengths = new Float64Array(MOST);
  /** 1 for a string of hexadecimal digits only, perhaps behind `0x`. */
  readonly hex = new Uint8Array(MOST);
  /** Text of value `i`, as far as it is kept: `text[textAt[i], textEnd[i])`; of strings and numbers. */
  readonly text = new Uint8Array(textBytes);
  readonly textAt = new Uint16Array(MOST);
  readonly textEnd = new Uint16Array(MOST);
  #textLength = 0;

  clear(): void {
    this.count = 0;
    this.leftOut = 0;
    this.#textLength = 0;
  }

  /** Adds a value and returns its number, -1 if there is no room. */
  add(kind: JsonKind, parent: number, key: number, place: number): number {
    if (this.count === MOST) {
      this.leftOut++;
      return NONE;
    }
    const i = this.count++;
    this.kinds[i] = kind;
    this.parents[i] = parent;
    this.keys[i] = key;
    this.places[i] = place;
    this.lengths[i] = 0;
    this.hex[i] = 0;
    this.textAt[i] = this.textEnd[i] = this.#textLength;
    return i;
  }

  /** Appends a byte to the text of the value that was added last, if there is room. */
  append(i: number, byte: number): void {
    if (this.#textLength === textBytes || this.textEnd[i]! - this.textAt[i]! >= valueBytes) return;
    this.text[this.#textLength++] = byte;
    this.textEnd[i] = this.#textLength;
  }

  /** The member of a name in an object; -1 if there is none. The last of several counts, as for JSON.parse. */
  member(object: number, key: number): number {
    if (object < 0 || this.kinds[object] !== JsonKind.Object) return NONE;
    for (let i = this.count - 1; i > object; i--) if (this.parents[i] === object && this.keys[i] === key) return i;
    return NONE;
  }

  /** The item at a place of an array; -1 if there is none. */
  item(array: number, place: number): number {
    if (array < 0 || this.kinds[array] !== JsonKind.Array) return NONE;
    for (let i = array + 1; i < this.count; i++) if (this.parents[i] === array && this.places[i] === place) return i;
    return NONE;
  }

  /** JsonKind.None for a value that is not there. */
  kind(i: number): JsonKind {
    return i < 0 ? JsonKind.None : (this.kinds[i] as JsonKind);
  }

  /** Items of an array, 0 for anything else. */
  items(i: number): number {
    return this.kind(i) === JsonKind.Array ? this.lengths[i]! : 0;
  }

  isString(i: number): boolean {
    return this.kind(i) === JsonKind.String;
  }

  /** True for a string of at least so many hexadecimal digits, and at most. */
  isHex(i: number, least: number, most: number = Infinity): boolean {
    if (!this.isString(i) || this.hex[i] !== 1) return false;
    const digits = this.lengths[i]! - (this.hasPrefix(i) ? 2 : 0);
    return digits >= least && digits <= most;
  }

  /** True if the text begins with `0x`. */
  hasPrefix(i: number): boolean {
    const at = this.textAt[i]!;
    return this.textEnd[i]! - at >= 2 && this.text[at] === 48 && (this.text[at + 1]! | 32) === 120;
  }

  /** The value as a number: of a number, or of a string that is one; NaN for anything else. */
  number(i: number): number {
    const kind = this.kind(i);
    if (kind !== JsonKind.Number && kind !== JsonKind.String) return Number.NaN;
    const text = this.latin1(i);
    return text === '' ? Number.NaN : Number(text);
  }

  /** What is kept of the text, a character for each byte: to compare, not to show. */
  latin1(i: number): string {
    if (i < 0) return '';
    let text = '';
    for (let at = this.textAt[i]!; at < this.textEnd[i]!; at++) text += String.fromCharCode(this.text[at]!);
    return text;
  }

  /** True if the value is a string of exactly these bytes. */
  isText(i: number, expected: Uint8Array): boolean {
    if (!this.isString(i) || this.lengths[i] !== expected.length) return false;
    const at = this.textAt[i]!;
    for (let k = 0; k < expected.length; k++) if (this.text[at + k] !== expected[k]) return false;
    return true;
  }
}
