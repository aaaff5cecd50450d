/**
 * The classic capture file (https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcap/): a 24-byte file header, then
 * records of a 16-byte header and the frame. Both byte orders, microseconds and nanoseconds, and the variant of
 * Kuznetzov's patched libpcap, whose record headers have 24 bytes.
 */
import { LIMITS } from '../../core/limits.ts';
import { type CaptureAccount, type CaptureDecoder, Damage, newAccount } from './decoder.ts';
import type { FrameSink } from './packet-sink.ts';

export const FILE_HEADER_BYTES = 24;
const SNAP_LENGTH = 16;
const LINK_TYPE = 20;
const SECONDS = 0;
const FRACTION = 4;
const CAPTURED = 8;
const WIRE_LENGTH = 12;

export const PcapMagic = {
  Microseconds: 0xa1b2c3d4,
  Nanoseconds: 0xa1b23c4d,
  Modified: 0xa1b2cd34,
} as const;

interface Variant {
  readonly little: boolean;
  readonly nanoseconds: boolean;
  readonly recordHeader: number;
  readonly name: string;
}

/** Which variant of the format starts at `at`, or null if none does. Four bytes are needed. */
export function pcapVariant(view: DataView, at: number): Variant | null {
  for (const little of [true, false]) {
    const order = little ? 'little-endian' : 'big-endian';
    switch (view.getUint32(at, little)) {
      case PcapMagic.Microseconds:
        return { little, nanoseconds: false, recordHeader: 16, name: `pcap (${order}, microseconds)` };
      case PcapMagic.Nanoseconds:
        return { little, nanoseconds: true, recordHeader: 16, name: `pcap (${order}, nanoseconds)` };
      case PcapMagic.Modified:
        return { little, nanoseconds: false, recordHeader: 24, name: `pcap (${order}, modified)` };
    }
  }
  return null;
}

export class PcapDecoder implements CaptureDecoder {
  readonly account: CaptureAccount;
  readonly #sink: FrameSink;
  readonly #variant: Variant;
  #linkType = -1;

  constructor(variant: Variant, sink: FrameSink) {
    this.#variant = variant;
    this.#sink = sink;
    this.account = newAccount(variant.name);
  }

  decode(view: DataView, at: number, end: number): number {
    if (this.#linkType < 0) {
      if (end - at < FILE_HEADER_BYTES) return at;
      this.#readFileHeader(view, at);
      at += FILE_HEADER_BYTES;
    }
    return this.#readRecords(view, at, end);
  }

  wanted(view: DataView, at: number, end: number): number {
    if (this.#linkType < 0) return FILE_HEADER_BYTES;
    const { recordHeader, little } = this.#variant;
    if (end - at < recordHeader) return recordHeader;
    return recordHeader + view.getUint32(at + CAPTURED, little);
  }

  #readFileHeader(view: DataView, at: number): void {
    const { little } = this.#variant;
    // The upper bits of the link type tell of frame check sequences, not of the type.
    this.#linkType = view.getUint32(at + LINK_TYPE, little) & 0xffff;
    this.account.interfaces.push({
      linkType: this.#linkType,
      snapLength: view.getUint32(at + SNAP_LENGTH, little),
      name: null,
    });
  }

  #readRecords(view: DataView, at: number, end: number): number {
    const { little, nanoseconds, recordHeader } = this.#variant;
    const sink = this.#sink;
    const account = this.account;
    const linkType = this.#linkType;
    while (end - at >= recordHeader) {
      const captured = view.getUint32(at + CAPTURED, little);
      if (captured > LIMITS.frameBytes) {
        account.damage = Damage.BadLength;
        return end;
      }
      const frameAt = at + recordHeader;
      const frameEnd = frameAt + captured;
      if (frameEnd > end) break;
      const wireLength = view.getUint32(at + WIRE_LENGTH, little);
      const fraction = view.getUint32(at + FRACTION, little);
      const seconds = view.getUint32(at + SECONDS, little);
      const us = nanoseconds ? Math.floor(fraction / 1000) : fraction;
      const ns = nanoseconds ? fraction - us * 1000 : 0;
      account.frames++;
      if (wireLength > captured) account.cutFrames++;
      sink.frame(
        view,
        frameAt,
        frameEnd,
        wireLength > captured ? wireLength : captured,
        seconds * 1e6 + us,
        ns,
        linkType,
      );
      at = frameEnd;
    }
    return at;
  }
}
