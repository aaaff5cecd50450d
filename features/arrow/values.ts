/**
 * Columns of a record batch as its buffers hold them (https://arrow.apache.org/docs/format/Columnar.html). Each is held to
 * the lengths of its buffers and to its own offsets when it is opened, so that what follows need not look again.
 */
import type { BatchBody } from './body.ts';
import { ArrowDamage } from './flatbuffer.ts';
import type { ArrowField, ArrowType } from './schema.ts';

/** Whether a value is there: a bit each, the lowest first; null where all are. */
export type Validity = Uint8Array | null;

export interface Numbers {
  readonly kind: 'numbers';
  readonly length: number;
  readonly validity: Validity;
  readonly at: (index: number) => number;
  /** The numbers as they lie, where they have an array of their own. */
  readonly raw: NumberArray | null;
}

type NumberArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

export interface Times {
  readonly kind: 'times';
  readonly length: number;
  readonly validity: Validity;
  readonly counts: BigInt64Array;
  readonly nsPerUnit: bigint;
}

/** Where the bytes of a text lie. */
export interface TextPlace {
  bytes: Uint8Array;
  start: number;
  end: number;
}

export interface Texts {
  readonly kind: 'texts';
  readonly length: number;
  readonly validity: Validity;
  /** Finds the text of a valid index; false where it is null after all, in a dictionary. */
  readonly find: (index: number, place: TextPlace) => boolean;
}

/** Items of a row are those from `starts(row)` to `starts(row + 1)`. */
export interface Lists {
  readonly kind: 'lists';
  readonly length: number;
  readonly validity: Validity;
  readonly starts: (index: number) => number;
  readonly items: Numbers | Texts;
}

export interface Nulls {
  readonly kind: 'nulls';
  readonly length: number;
  readonly validity: Validity;
}

export type Values = Numbers | Times | Texts | Lists | Nulls;

export type Dictionaries = ReadonlyMap<bigint, Dictionary>;

/** Texts that columns name by their place. */
export class Dictionary {
  length = 0;
  /** Bytes that it keeps. */
  bytes = 0;
  readonly #parts: { readonly start: number; readonly texts: Texts }[] = [];

  add(texts: Texts, bytes: number): void {
    this.#parts.push({ start: this.length, texts });
    this.length += texts.length;
    this.bytes += bytes;
  }

  /** As `Texts.find`; false too for a null. */
  find(index: number, place: TextPlace): boolean {
    let low = 0;
    for (let high = this.#parts.length; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if (this.#parts[middle]!.start <= index) low = middle;
      else high = middle;
    }
    const { start, texts } = this.#parts[low]!;
    return isThere(texts.validity, index - start) && texts.find(index - start, place);
  }
}

export function isThere(validity: Validity, index: number): boolean {
  return validity === null || ((validity[index >> 3]! >> (index & 7)) & 1) === 1;
}

/** Steps over a field and what is within it. */
export function passField(field: ArrowField, body: BatchBody): void {
  body.node();
  if (field.dictionary !== null) {
    body.pass(2);
    return;
  }
  body.pass(field.buffers + (field.hasVariadic ? body.variadic() : 0));
  for (const child of field.children) passField(child, body);
}

/** Reads a field of a type that flow tables have. */
export async function openField(field: ArrowField, body: BatchBody, dictionaries: Dictionaries): Promise<Values> {
  const { length, nulls } = body.node();
  const { type, dictionary } = field;
  if (type.kind === 'null') return { kind: 'nulls', length, validity: null };
  const validity = await openValidity(body, length, nulls);
  if (dictionary !== null) return openDictionary(dictionary, body, length, validity, dictionaries);
  switch (type.kind) {
    case 'timestamp':
      return {
        kind: 'times',
        length,
        validity,
        counts: new BigInt64Array(...(await words(body, length, 8))),
        nsPerUnit: type.nsPerUnit,
      };
    case 'text':
      return { kind: 'texts', length, validity, find: await openTexts(type.form, body, length, validity) };
    case 'list':
    case 'fixed_list':
      return openLists(field, body, length, validity, dictionaries);
    default:
      return { kind: 'numbers', length, validity, ...(await openNumbers(type, body, length)) };
  }
}

async function openValidity(body: BatchBody, length: number, nulls: number): Promise<Validity> {
  const bits = await body.buffer();
  if (nulls === 0) return null;
  if (bits.length * 8 < length) throw tooShort();
  return bits;
}

/** The arguments of a typed array over the next buffer. */
async function words(body: BatchBody, length: number, bytesEach: number): Promise<[ArrayBuffer, number, number]> {
  const bytes = await body.buffer();
  if (bytes.length < length * bytesEach) throw tooShort();
  return [bytes.buffer as ArrayBuffer, bytes.byteOffset, length];
}

const TWO_32 = 0x1_0000_0000;

async function openNumbers(type: ArrowType, body: BatchBody, length: number): Promise<Pick<Numbers, 'at' | 'raw'>> {
  if (type.kind === 'bool') {
    const bits = await body.buffer();
    if (bits.length * 8 < length) throw tooShort();
    return { at: (index) => (bits[index >> 3]! >> (index & 7)) & 1, raw: null };
  }
  if (type.kind !== 'int' && type.kind !== 'float') throw new ArrowDamage('it holds no numbers');
  const span = await words(body, length, type.bits / 8);
  if (type.kind === 'int' && type.bits === 64) return { at: wideIntegers(span, type.isSigned), raw: null };
  const raw: NumberArray = new (arrayOf(type))(...span);
  return { at: (index) => raw[index]!, raw };
}

/** Half by half: a BigInt for each would cost ten times as much. What is beyond 2^53 is rounded. */
function wideIntegers(
  [buffer, at, length]: [ArrayBuffer, number, number],
  isSigned: boolean,
): (index: number) => number {
  const lows = new Uint32Array(buffer, at, length * 2);
  const highs = isSigned ? new Int32Array(buffer, at, length * 2) : lows;
  return (index) => highs[2 * index + 1]! * TWO_32 + lows[2 * index]!;
}

function arrayOf(type: Extract<ArrowType, { kind: 'int' | 'float' }>) {
  if (type.kind === 'float') return type.bits === 32 ? Float32Array : Float64Array;
  switch (type.bits) {
    case 8:
      return type.isSigned ? Int8Array : Uint8Array;
    case 16:
      return type.isSigned ? Int16Array : Uint16Array;
    default:
      return type.isSigned ? Int32Array : Uint32Array;
  }
}

async function openTexts(
  form: 'utf8' | 'large_utf8' | 'utf8_view',
  body: BatchBody,
  length: number,
  validity: Validity,
): Promise<Texts['find']> {
  if (form === 'utf8_view') return openViews(body, length, validity);
  const starts = await openOffsets(form === 'large_utf8', body, length);
  const bytes = await body.buffer();
  checkOffsets(starts, length, bytes.length);
  return (index, place) => {
    place.bytes = bytes;
    place.start = starts(index);
    place.end = starts(index + 1);
    return true;
  };
}

/** An empty column may have no offsets at all. */
async function openOffsets(isLarge: boolean, body: BatchBody, length: number): Promise<(index: number) => number> {
  if (length === 0) {
    await body.buffer();
    return () => 0;
  }
  const span = await words(body, length + 1, isLarge ? 8 : 4);
  if (isLarge) return wideIntegers(span, true);
  const offsets = new Int32Array(...span);
  return (index) => offsets[index]!;
}

/** From row to row, offsets never go back nor past the end of what they point into. */
function checkOffsets(starts: (index: number) => number, length: number, end: number): void {
  let before = starts(0);
  if (before < 0) throw astray();
  for (let index = 1; index <= length; index++) {
    const start = starts(index);
    if (start < before) throw astray();
    before = start;
  }
  if (before > end) throw astray();
}

const VIEW_BYTES = 16;
const INLINE_BYTES = 12;

/** { length:32, bytes:96 } up to twelve bytes, else { length:32, prefix:32, buffer:32, offset:32 } */
async function openViews(body: BatchBody, length: number, validity: Validity): Promise<Texts['find']> {
  const [buffer, at] = await words(body, length, VIEW_BYTES);
  const bytes = new Uint8Array(buffer, at, length * VIEW_BYTES);
  const view = new DataView(buffer, at, length * VIEW_BYTES);
  const buffers: Uint8Array[] = [];
  for (let left = body.variadic(); left > 0; left--) buffers.push(await body.buffer());
  const find = (index: number, place: TextPlace) => {
    const from = index * VIEW_BYTES;
    const size = view.getInt32(from, true);
    const isInline = size <= INLINE_BYTES;
    const source = isInline ? bytes : buffers[view.getInt32(from + 8, true)];
    const start = isInline ? from + 4 : view.getInt32(from + 12, true);
    if (source === undefined || size < 0 || start < 0 || start + size > source.length) throw astray();
    place.bytes = source;
    place.start = start;
    place.end = start + size;
    return true;
  };
  const place = { bytes, start: 0, end: 0 };
  for (let index = 0; index < length; index++) if (isThere(validity, index)) find(index, place);
  return find;
}

async function openDictionary(
  { id, index }: NonNullable<ArrowField['dictionary']>,
  body: BatchBody,
  length: number,
  validity: Validity,
  dictionaries: Dictionaries,
): Promise<Texts> {
  const { at } = await openNumbers(index, body, length);
  const dictionary = dictionaries.get(id);
  const entries = dictionary?.length ?? 0;
  for (let row = 0; row < length; row++) {
    if (isThere(validity, row) && !(at(row) >= 0 && at(row) < entries)) {
      throw new ArrowDamage('a value is not in its dictionary');
    }
  }
  const find: Texts['find'] = (row, place) => dictionary!.find(at(row), place);
  return { kind: 'texts', length, validity, find };
}

async function openLists(
  field: ArrowField,
  body: BatchBody,
  length: number,
  validity: Validity,
  dictionaries: Dictionaries,
): Promise<Lists> {
  const { type } = field;
  const size = type.kind === 'fixed_list' ? type.size : 0;
  const starts =
    type.kind === 'list'
      ? await openOffsets(type.form === 'large_list', body, length)
      : (index: number) => index * size;
  const items = await openField(field.children[0]!, body, dictionaries);
  if (items.kind !== 'numbers' && items.kind !== 'texts')
    throw new ArrowDamage('its lists hold neither numbers nor texts');
  if (type.kind === 'list') checkOffsets(starts, length, items.length);
  else if (length * size > items.length) throw tooShort();
  return { kind: 'lists', length, validity, starts, items };
}

function tooShort(): ArrowDamage {
  return new ArrowDamage('buffers do not hold the rows');
}

function astray(): ArrowDamage {
  return new ArrowDamage('offsets run astray');
}
