/** The buffers of a record batch, in the order of its columns: read, unpacked and bounded. */
import { ArrowDamage } from './flatbuffer.ts';
import { ARROW_LIMITS, type ArrowBounds } from './limits.ts';
import { unpackLz4Frame } from './lz4.ts';
import type { BatchHeader, Node } from './message.ts';
import { unpackZstd } from './zstd.ts';

/** Bytes `[offset, offset + length)` of the body of a message; fewer where the file ends. */
export type BodyReader = (offset: number, length: number) => Promise<Uint8Array> | Uint8Array;

/** Before a compressed buffer stands how much it holds; -1 where it is stored as it is. */
const PREFIX_BYTES = 8;
const STORED = -1n;
const NO_BYTES = new Uint8Array(0);

/** Hands out nodes and buffers one after the other, as columns ask for them; those of columns not read are passed over. */
export class BatchBody {
  readonly rows: number;
  readonly #header: BatchHeader;
  readonly #read: BodyReader;
  #node = 0;
  #buffer = 0;
  #variadic = 0;
  #heldLeft: number = ARROW_LIMITS.batchBytes;
  readonly #unpackedBytes: number;
  #unpackedLeft: number;

  constructor(header: BatchHeader, read: BodyReader, { unpackedBytes }: ArrowBounds = ARROW_LIMITS) {
    this.#unpackedBytes = unpackedBytes;
    this.#unpackedLeft = unpackedBytes;
    this.rows = header.rows;
    this.#header = header;
    this.#read = read;
  }

  /** Bytes that were taken, as unpacked. */
  get takenBytes(): number {
    return ARROW_LIMITS.batchBytes - this.#heldLeft + this.#unpackedBytes - this.#unpackedLeft;
  }

  node(): Node {
    const node = this.#header.nodes[this.#node++];
    if (node === undefined) throw tooFew();
    return node;
  }

  /** How many further buffers the next column of views has. */
  variadic(): number {
    const count = this.#header.variadic[this.#variadic++];
    if (count === undefined) throw tooFew();
    return count;
  }

  pass(buffers: number): void {
    this.#buffer += buffers;
    if (this.#buffer > this.#header.buffers.length) throw tooFew();
  }

  /** The next buffer. Where it begins in its memory is a multiple of eight. */
  async buffer(): Promise<Uint8Array> {
    const span = this.#header.buffers[this.#buffer++];
    if (span === undefined) throw tooFew();
    if (span.length === 0) return NO_BYTES;
    this.#heldLeft -= span.length;
    if (this.#heldLeft < 0) {
      throw new ArrowDamage(`a record batch has more than ${ARROW_LIMITS.batchBytes} bytes: write smaller ones`);
    }
    const bytes = await this.#read(span.offset, span.length);
    if (bytes.length < span.length) throw new ArrowDamage('it is cut off');
    return aligned(this.#header.codec === null ? bytes : this.#unpack(bytes, this.#header.codec));
  }

  #unpack(bytes: Uint8Array, codec: 'lz4' | 'zstd'): Uint8Array {
    if (bytes.length < PREFIX_BYTES) throw new ArrowDamage('a compressed buffer is cut off');
    const said = new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0, true);
    const packed = bytes.subarray(PREFIX_BYTES);
    if (said === STORED) return packed;
    // How much it is said to hold is not believed: apache-arrow's JavaScript writes how much it takes instead.
    const unpacked =
      codec === 'zstd' ? unpackZstd(packed, this.#unpackedLeft) : unpackLz4Frame(packed, this.#unpackedLeft);
    this.#unpackedLeft -= unpacked.length;
    return unpacked;
  }
}

/** Views of 64-bit numbers need it. */
function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
}

function tooFew(): ArrowDamage {
  return new ArrowDamage('a record batch has fewer buffers than its columns');
}
