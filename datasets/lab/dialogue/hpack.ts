/**
 * Header compression for HTTP/2 (RFC 7541), the encoding half. Strings are written raw: the RFC leaves Huffman coding to the
 * sender, and its table would buy a fifth of the length of first requests and nothing else.
 *
 * Only the first block of a connection adds to the dynamic table. A script does not know in which order later blocks will
 * leave; blocks that merely look the table up may leave in any.
 */
import { bytesOf, type Part } from './bytes.ts';

export type Header = readonly [name: string, value: string];

/** The entries of the static table (RFC 7541, appendix A) that are used here, by their index. */
const STATIC: ReadonlyMap<number, Header> = new Map([
  [1, [':authority', '']],
  [2, [':method', 'GET']],
  [3, [':method', 'POST']],
  [4, [':path', '/']],
  [7, [':scheme', 'https']],
  [8, [':status', '200']],
  [9, [':status', '204']],
  [11, [':status', '304']],
  [13, [':status', '404']],
  [16, ['accept-encoding', 'gzip, deflate']],
  [17, ['accept-language', '']],
  [19, ['accept', '']],
  [24, ['cache-control', '']],
  [28, ['content-length', '']],
  [31, ['content-type', '']],
  [32, ['cookie', '']],
  [33, ['date', '']],
  [34, ['etag', '']],
  [51, ['referer', '']],
  [54, ['server', '']],
  [58, ['user-agent', '']],
]);
const STATIC_COUNT = 61;
/** Size of the dynamic table until a SETTINGS frame says otherwise, and what an entry costs beyond its text (section 4.1). */
const TABLE_BYTES = 4_096;
const ENTRY_OVERHEAD = 32;

const Prefix = { Indexed: 0x80, Remembered: 0x40, NotIndexed: 0x00 } as const;

export class HeaderEncoder {
  /** Newest first, as the RFC numbers them. */
  readonly #dynamic: Header[] = [];
  #dynamicBytes = 0;
  #first = true;

  /** One header block; pseudo-headers must come first. */
  encode(headers: readonly Header[]): Uint8Array {
    const parts: Part[] = [];
    for (const header of headers) parts.push(...this.#field(header));
    this.#first = false;
    return bytesOf(...parts);
  }

  #field(header: Header): Part[] {
    const [name, value] = header;
    const whole = this.#find((known) => known[0] === name && known[1] === value);
    if (whole > 0) return [integer(Prefix.Indexed, 7, whole)];
    const named = this.#find((known) => known[0] === name);
    const remembered = this.#first && this.#remember(header);
    const head = remembered ? integer(Prefix.Remembered, 6, named) : integer(Prefix.NotIndexed, 4, named);
    return named > 0 ? [head, ...string(value)] : [head, ...string(name), ...string(value)];
  }

  /** Index in the two tables taken together; 0 where there is none. */
  #find(matches: (known: Header) => boolean): number {
    for (const [index, known] of STATIC) if (matches(known)) return index;
    const at = this.#dynamic.findIndex(matches);
    return at < 0 ? 0 : STATIC_COUNT + 1 + at;
  }

  /** False once the table is full: nothing is ever evicted. */
  #remember(header: Header): boolean {
    const bytes = header[0].length + header[1].length + ENTRY_OVERHEAD;
    if (this.#dynamicBytes + bytes > TABLE_BYTES) return false;
    this.#dynamicBytes += bytes;
    this.#dynamic.unshift(header);
    return true;
  }
}

/** An integer behind the given flag bits, in a prefix of `bits` (section 5.1). */
function integer(flags: number, bits: number, value: number): number[] {
  const limit = (1 << bits) - 1;
  if (value < limit) return [flags | value];
  const bytes = [flags | limit];
  let left = value - limit;
  for (; left >= 128; left >>= 7) bytes.push((left & 127) | 128);
  return [...bytes, left];
}

/** Length in seven bits, the Huffman bit clear, then the text (section 5.2). */
function string(text: string): Part[] {
  return [integer(0, 7, text.length), text];
}
