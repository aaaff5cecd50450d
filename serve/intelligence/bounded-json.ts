/** JSON of strangers: measured before it is parsed, for a few bytes of brackets take a lot of memory once they are read. */
import { FEED_LIMITS } from './limits.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN = new Set([0x5b, 0x7b]);
const CLOSE = new Set([0x5d, 0x7d]);

/** A text that is not to be parsed, or does not parse; the message goes on with `the feed`. */
export class JsonRefused extends Error {
  override readonly name = 'JsonRefused';
}

/** What a text may hold at most. */
export interface JsonBounds {
  readonly jsonDepth: number;
  readonly jsonValues: number;
}

/** @throws JsonRefused */
export function parseBoundedJson(bytes: Uint8Array, bounds: JsonBounds = FEED_LIMITS): unknown {
  measureJson(bytes, bounds);
  try {
    return JSON.parse(new TextDecoder('utf-8').decode(bytes)) as unknown;
  } catch {
    // What V8 says quotes the text, which may hold anything.
    throw new JsonRefused('is no JSON, or is cut off');
  }
}

/**
 * One pass over the bytes: brackets outside of strings, and commas. Of several texts, one behind the other, too.
 *
 * @throws JsonRefused
 */
export function measureJson(bytes: Uint8Array, { jsonDepth, jsonValues }: JsonBounds): void {
  let depth = 0;
  let values = 0;
  let isText = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (isText) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) isText = false;
    } else if (byte === QUOTE) isText = true;
    else if (byte === COMMA) values++;
    else if (OPEN.has(byte)) {
      values++;
      if (++depth > jsonDepth) throw new JsonRefused(`nests deeper than ${jsonDepth}`);
    } else if (CLOSE.has(byte)) depth--;
  }
  if (values > jsonValues) throw new JsonRefused(`holds more than ${jsonValues} values`);
}

/** The value as an object; null if it is none. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : null;
}

/** The value as a list; empty if it is none. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value as text; '' if it is none. */
export function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A number, also one in a text; null if it is none. */
export function numberOf(value: unknown): number | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

/** A moment in seconds since 1970, of RFC 3339 text or of a count of seconds or milliseconds; null if it is none. */
export function secondsOf(value: unknown): number | null {
  const count = numberOf(value);
  if (count !== null) return count <= 0 ? null : count > 1e11 ? count / 1000 : count;
  const parsed =
    typeof value === 'string' ? Date.parse(value.replace(' UTC', 'Z').replace(/^(\S+) (\S)/, '$1T$2')) : Number.NaN;
  return Number.isNaN(parsed) ? null : parsed / 1000;
}
