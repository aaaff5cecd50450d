/**
 * Memory for what many flows say, in blocks of 64 bytes times a power of two. Blocks lie in pages and are used again, so
 * that a flow costs no garbage and a cache line or two.
 */

/** Memory, seen in three ways. */
export interface Page {
  readonly bytes: Uint8Array;
  readonly halves: Uint16Array;
  readonly words: Uint32Array;
}

/** A page of its own of at least so many bytes. */
export function pageOf(length: number): Page {
  const memory = new ArrayBuffer(length);
  return { bytes: new Uint8Array(memory), halves: new Uint16Array(memory), words: new Uint32Array(memory) };
}

/** The smallest block, and the bits of its length. */
export const LEAST_BLOCK = 64;
const UNIT_BITS = 6;
const PAGE_BITS = 10;
const UNITS = 1 << PAGE_BITS;
const UNIT_MASK = UNITS - 1;
export const PAGE_BYTES = UNITS * LEAST_BLOCK;
/** Sizes of blocks: LEAST_BLOCK << 0 .. LEAST_BLOCK << 10, which is a page. */
export const BLOCK_SIZES = 11;
const NONE = -1;

export class ByteBlocks {
  readonly #pages: Page[] = [];
  readonly #mostPages: number;
  /** The free block of each size that was given back last; its first word is the number of the next one, and one more. */
  readonly #free = new Int32Array(BLOCK_SIZES).fill(NONE);
  /** Where the part of the last page begins that was never used. A block's number counts LEAST_BLOCKs. */
  #unused = 0;

  /** @param mostBytes of all blocks together */
  constructor(mostBytes: number) {
    this.#mostPages = Math.floor(mostBytes / PAGE_BYTES);
  }

  pageOf(block: number): Page {
    return this.#pages[block >> PAGE_BITS]!;
  }

  /** Where the block begins in its page. */
  atOf(block: number): number {
    return (block & UNIT_MASK) << UNIT_BITS;
  }

  /** The number of a block of LEAST_BLOCK << size bytes, with whatever was in it; -1 if there is no room. */
  take(size: number): number {
    const block = this.#free[size]!;
    if (block === NONE) return this.#cut(size);
    this.#free[size] = this.pageOf(block).words[this.atOf(block) >> 2]! - 1;
    return block;
  }

  give(block: number, size: number): void {
    this.pageOf(block).words[this.atOf(block) >> 2] = this.#free[size]! + 1;
    this.#free[size] = block;
  }

  /** A block that was never used, or of a larger one. */
  #cut(size: number): number {
    const end = this.#pages.length * UNITS;
    const units = 1 << size;
    if (this.#unused + units > end) {
      if (this.#pages.length >= this.#mostPages) return this.#halve(size);
      // The rest of the page is for others.
      for (let rest = end - this.#unused; rest > 0; rest = end - this.#unused) {
        const fitting = 31 - Math.clz32(rest);
        this.give(this.#unused, fitting);
        this.#unused += 1 << fitting;
      }
      this.#pages.push(pageOf(PAGE_BYTES));
    }
    const block = this.#unused;
    this.#unused += units;
    return block;
  }

  /** One half of a larger free block, the other half of which is free from now on. */
  #halve(size: number): number {
    if (size + 1 >= BLOCK_SIZES) return NONE;
    const block = this.#free[size + 1] === NONE ? this.#halve(size + 1) : this.take(size + 1);
    if (block !== NONE) this.give(block + (1 << size), size);
    return block;
  }
}
