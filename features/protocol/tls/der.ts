/**
 * DER (ITU-T X.690) as far as certificates need it: a tag, a length and the contents, again and again. Lengths are
 * definite; tags above 30 do not occur in certificates. Nothing here throws: what does not fit is `false`.
 */
import { uint16 } from './bytes.ts';

export const DerTag = {
  Boolean: 0x01,
  Integer: 0x02,
  BitString: 0x03,
  OctetString: 0x04,
  ObjectId: 0x06,
  TeletexString: 0x14,
  UtcTime: 0x17,
  GeneralizedTime: 0x18,
  UniversalString: 0x1c,
  BmpString: 0x1e,
  Sequence: 0x30,
  Set: 0x31,
  /** Context-specific, constructed: version and extensions of a certificate (RFC 5280 4.1). */
  Explicit0: 0xa0,
  Explicit3: 0xa3,
} as const;

const LONG_FORM = 0x80;
const MULTI_BYTE_TAG = 0x1f;
/** Of a length: 2^24 bytes are more than any handshake message has. */
const MOST_LENGTH_BYTES = 3;

/** Walks over the values of `[at, end)`. */
export class DerWalker {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
  /** Tag and contents of the value last read: `bytes[from, to)`. */
  tag = 0;
  from = 0;
  to = 0;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /** Reads the next value; false at the end and where its length does not add up. */
  next(): boolean {
    const { bytes, end } = this;
    let { at } = this;
    if (end - at < 2) return false;
    const tag = bytes[at++]!;
    let length = bytes[at++]!;
    if ((tag & MULTI_BYTE_TAG) === MULTI_BYTE_TAG) return false;
    if (length >= LONG_FORM) {
      const count = length - LONG_FORM;
      if (count === 0 || count > MOST_LENGTH_BYTES || end - at < count) return false;
      length = 0;
      for (let i = 0; i < count; i++) length = (length << 8) | bytes[at++]!;
    }
    if (length > end - at) return false;
    this.tag = tag;
    this.from = at;
    this.to = this.at = at + length;
    return true;
  }

  /** Reads the next value, which has to have the tag. */
  take(tag: number): boolean {
    return this.next() && this.tag === tag;
  }

  /** A walker over the contents of the value last read. */
  inside(): DerWalker {
    return new DerWalker(this.bytes, this.from, this.to);
  }
}

/** Longest object identifier that is written out, bytes: those of algorithms have up to eleven. */
const MOST_OID_BYTES = 32;

/** The object identifier `[at, end)` in dotted decimal (X.690 8.19); '' if it is none. */
export function objectIdText(bytes: Uint8Array, at: number, end: number): string {
  if (at >= end || end - at > MOST_OID_BYTES || bytes[end - 1]! >= 0x80) return '';
  const arcs: number[] = [];
  for (let arc = 0; at < end; at++) {
    arc = arc * 128 + (bytes[at]! & 0x7f);
    if (bytes[at]! >= 0x80) continue;
    if (arcs.length === 0) {
      const root = Math.min(2, Math.floor(arc / 40));
      arcs.push(root, arc - root * 40);
    } else arcs.push(arc);
    arc = 0;
  }
  return arcs.join('.');
}

/** Bits of the unsigned integer `[at, end)` without leading zeros. */
export function integerBits(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && bytes[at] === 0) at++;
  return at === end ? 0 : (end - at) * 8 - Math.clz32(bytes[at]! << 24);
}

/**
 * Seconds since 1970 of the UTCTime or GeneralizedTime `[at, end)` (RFC 5280 4.1.2.5); null if it is none. RFC 5280 asks
 * for seconds and `Z`; missing seconds and offsets (X.680 46, 47), which old certificates have, are read too.
 */
export function timeSeconds(bytes: Uint8Array, tag: number, at: number, end: number): number | null {
  const yearDigits = tag === DerTag.UtcTime ? 2 : tag === DerTag.GeneralizedTime ? 4 : 0;
  if (yearDigits === 0) return null;
  let isWrong = false;
  const digits = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i++, at++) {
      const digit = at < end ? bytes[at]! - 0x30 : -1;
      if (digit < 0 || digit > 9) isWrong = true;
      value = value * 10 + digit;
    }
    return value;
  };
  const year = digits(yearDigits);
  const [month, day, hour, minute] = [digits(2), digits(2), digits(2), digits(2)];
  const second = at < end && isDigit(bytes[at]!) ? digits(2) : 0;
  const sign = at < end ? bytes[at++]! : Z;
  const offset = sign === PLUS || sign === MINUS ? digits(2) * 60 + digits(2) : 0;
  if (isWrong || (sign !== Z && sign !== PLUS && sign !== MINUS) || at !== end) return null;
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return null;
  // RFC 5280 4.1.2.5.1: two digits from 50 on are of the last century.
  const fullYear = yearDigits === 4 ? year : year + (year >= 50 ? 1900 : 2000);
  const date = new Date(0);
  date.setUTCFullYear(fullYear, month - 1, day);
  return date.getTime() / 1000 + hour * 3600 + (minute + (sign === PLUS ? -offset : offset)) * 60 + second;
}

const Z = 0x5a;
const PLUS = 0x2b;
const MINUS = 0x2d;

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** The 16-bit units of a BMPString as text (X.690 8.23.9): UTF-16, the high byte first. */
export function bmpText(bytes: Uint8Array, at: number, end: number): string {
  let text = '';
  for (; at + 2 <= end; at += 2) text += String.fromCharCode(uint16(bytes, at));
  return text;
}
