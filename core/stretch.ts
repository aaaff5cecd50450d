/**
 * One stretch of memory for all arrays of a table: hundreds of columns of a few rows would be a thousand buffers, each of which
 * costs the collector more than its bytes.
 */

export type Numbers = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array | BigInt64Array;

/** All begin where the widest may. */
const ALIGNMENT = 8;

/** Bytes that an array takes in a stretch. */
export function aligned(bytes: number): number {
  return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
}

export class Stretch {
  readonly #buffer: ArrayBuffer;
  #at = 0;

  /** @param bytes the sum of what its arrays take, each `aligned` */
  constructor(bytes: number) {
    this.#buffer = new ArrayBuffer(bytes);
  }

  /** Room for so many numbers of the kind of `like`. */
  like<A extends Numbers>(like: A, count: number): A {
    const Kind = like.constructor as new (buffer: ArrayBuffer, at: number, length: number) => A;
    return new Kind(this.#buffer, this.#take(count * like.BYTES_PER_ELEMENT), count);
  }

  bytes(count: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#buffer, this.#take(count), count);
  }

  ints(count: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.#buffer, this.#take(4 * count), count);
  }

  doubles(count: number): Float64Array<ArrayBuffer> {
    return new Float64Array(this.#buffer, this.#take(8 * count), count);
  }

  #take(bytes: number): number {
    const at = this.#at;
    this.#at += aligned(bytes);
    return at;
  }
}
