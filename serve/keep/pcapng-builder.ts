/**
 * A pcapng file in memory (https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcapng/): one section, an interface for each
 * link type, times in nanoseconds, little-endian.
 */
import { withRoom } from '../../core/text-column.ts';

const BlockType = { Section: 0x0a0d0d0a, Interface: 1, EnhancedPacket: 6 } as const;
const OptionCode = { Comment: 1, UserApplication: 4, TimeResolution: 9 } as const;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const NANOSECONDS = Uint8Array.of(9);
const FIRST_BYTES = 4_096;
const PACKET_HEAD_BYTES = 20;
/** Type, length, and the length again. */
const BLOCK_OVERHEAD = 12;
const END_OF_OPTIONS_BYTES = 4;

type Options = readonly (readonly [code: number, value: Uint8Array])[];

export interface FrameTimes {
  /** Whole microseconds since 1970, and nanoseconds beyond. */
  readonly us: number;
  readonly ns: number;
}

export class PcapngBuilder {
  #bytes: Uint8Array = new Uint8Array(FIRST_BYTES);
  #at = 0;
  readonly #linkTypes: number[] = [];
  #comment: Uint8Array | null;
  packets = 0;

  /** @param comment of the section and of the first packet: programs show one or the other */
  constructor(comment: string) {
    this.#comment = new TextEncoder().encode(comment);
    const head = new Uint8Array(16);
    const view = new DataView(head.buffer);
    view.setUint32(0, BYTE_ORDER_MAGIC, true);
    view.setUint16(4, 1, true);
    // The length of the section is not told.
    view.setBigInt64(8, -1n, true);
    this.#block(BlockType.Section, head, NO_BYTES, [
      [OptionCode.Comment, this.#comment],
      [OptionCode.UserApplication, new TextEncoder().encode('flowlamp')],
    ]);
  }

  get byteLength(): number {
    return this.#at;
  }

  /** @param frame what was captured of it; copied */
  add(frame: Uint8Array, wireLength: number, { us, ns }: FrameTimes, linkType: number): void {
    const head = new Uint8Array(PACKET_HEAD_BYTES);
    const view = new DataView(head.buffer);
    const time = BigInt.asUintN(64, BigInt(Math.round(us)) * 1_000n + BigInt(ns));
    view.setUint32(0, this.#interfaceOf(linkType), true);
    view.setUint32(4, Number(time >> 32n), true);
    view.setUint32(8, Number(time & 0xffff_ffffn), true);
    view.setUint32(12, frame.length, true);
    view.setUint32(16, wireLength, true);
    this.#block(
      BlockType.EnhancedPacket,
      head,
      frame,
      this.#comment === null ? [] : [[OptionCode.Comment, this.#comment]],
    );
    this.#comment = null;
    this.packets++;
  }

  /** The file, in memory of its own. */
  bytes(): Uint8Array<ArrayBuffer> {
    const copy = new Uint8Array(this.#at);
    copy.set(this.#bytes.subarray(0, this.#at));
    return copy;
  }

  #interfaceOf(linkType: number): number {
    const known = this.#linkTypes.indexOf(linkType);
    if (known >= 0) return known;
    const head = new Uint8Array(8);
    // No snapshot length: what is cut says so by itself.
    new DataView(head.buffer).setUint16(0, linkType, true);
    this.#block(BlockType.Interface, head, NO_BYTES, [[OptionCode.TimeResolution, NANOSECONDS]]);
    return this.#linkTypes.push(linkType) - 1;
  }

  #block(type: number, head: Uint8Array, body: Uint8Array, options: Options): void {
    let optionBytes = options.length === 0 ? 0 : END_OF_OPTIONS_BYTES;
    for (const [, value] of options) optionBytes += 4 + padded(value.length);
    const length = BLOCK_OVERHEAD + head.length + padded(body.length) + optionBytes;
    const bytes = withRoom(this.#bytes, this.#at + length);
    this.#bytes = bytes;
    const view = new DataView(bytes.buffer);
    let at = this.#at;
    view.setUint32(at, type, true);
    view.setUint32(at + 4, length, true);
    bytes.set(head, at + 8);
    bytes.set(body, at + 8 + head.length);
    at += 8 + head.length + padded(body.length);
    for (const [code, value] of options) {
      view.setUint16(at, code, true);
      view.setUint16(at + 2, value.length, true);
      bytes.set(value, at + 4);
      at += 4 + padded(value.length);
    }
    view.setUint32(this.#at + length - 4, length, true);
    this.#at += length;
  }
}

const NO_BYTES = new Uint8Array(0);

function padded(length: number): number {
  return (length + 3) & ~3;
}
