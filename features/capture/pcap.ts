/**
 * The classic capture file (https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcap/): a 24-byte file header, then
 * records of a 16-byte header and the frame. Both byte orders, microseconds and nanoseconds, and the variant of
 * Kuznetzov's patched libpcap, whose record headers have 24 bytes: told by its own magic number or, as Red Hat 6.1 wrote
 * it, under the ordinary one, which only the second record's place gives away.
 */
import { LIMITS } from '../../core/limits.ts';
import { type CaptureAccount, type CaptureDecoder, Damage, newAccount } from './decoder.ts';
import type { FrameSink } from './packet-sink.ts';

export const FILE_HEADER_BYTES = 24;
const SNAP_LENGTH = 16;
const LINK_TYPE = 20;
const SHORT_HEADER = 16;
const LONG_HEADER = 24;
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
        return { little, nanoseconds: false, recordHeader: SHORT_HEADER, name: `pcap (${order}, microseconds)` };
      case PcapMagic.Nanoseconds:
        return { little, nanoseconds: true, recordHeader: SHORT_HEADER, name: `pcap (${order}, nanoseconds)` };
      case PcapMagic.Modified:
        return { little, nanoseconds: false, recordHeader: LONG_HEADER, name: `pcap (${order}, modified)` };
    }
  }
  return null;
}

export class PcapDecoder implements CaptureDecoder {
  readonly account: CaptureAccount;
  readonly #sink: FrameSink;
  #variant: Variant;
  #linkType = -1;
  /** Whether the length of the record headers is known for sure. */
  #isSettled: boolean;

  constructor(variant: Variant, sink: FrameSink) {
    this.#variant = variant;
    this.#sink = sink;
    this.#isSettled = variant.recordHeader === LONG_HEADER;
    this.account = newAccount(variant.name);
  }

  decode(view: DataView, at: number, end: number): number {
    if (this.#linkType < 0) {
      if (end - at < FILE_HEADER_BYTES) return at;
      this.#readFileHeader(view, at);
      at += FILE_HEADER_BYTES;
    }
    if (!this.#isSettled && !this.#settle(view, at, end)) return at;
    return this.#readRecords(view, at, end);
  }

  finish(view: DataView, at: number, end: number): number {
    if (this.#linkType < 0) return at;
    this.#isSettled = true;
    return this.#readRecords(view, at, end);
  }

  wanted(view: DataView, at: number, end: number): number {
    if (this.#linkType < 0) return FILE_HEADER_BYTES;
    const { recordHeader, little } = this.#variant;
    if (end - at < recordHeader) return recordHeader;
    const record = recordHeader + view.getUint32(at + CAPTURED, little);
    return this.#isSettled ? record : record + 2 * LONG_HEADER;
  }

  /**
   * Looks where the second record begins: with long headers it is eight bytes further on, and at the short place its time
   * stands where a length should: far too large a number since 1970. Returns false while too little has been read to tell.
   */
  #settle(view: DataView, at: number, end: number): boolean {
    const { little, nanoseconds, name } = this.#variant;
    if (end - at < SHORT_HEADER) return false;
    const captured = view.getUint32(at + CAPTURED, little);
    const short = at + SHORT_HEADER + captured;
    const long = at + LONG_HEADER + captured;
    const isDamaged = captured > LIMITS.frameBytes;
    if (!isDamaged && end < long + SHORT_HEADER) return false;
    const fits = isDamaged || view.getUint32(short + CAPTURED, little) <= LIMITS.frameBytes;
    if (!fits && isHeader(view, long, at, little, nanoseconds)) {
      this.#variant = { ...this.#variant, recordHeader: LONG_HEADER, name: name.replace(')', ', modified)') };
      this.account.format = this.#variant.name;
    }
    this.#isSettled = true;
    return true;
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

/** Records of one capture are not this far apart in time, seconds: a year. */
const FAR_SECONDS = 31_536_000;

/** True if the bytes at `at` could be the record header after the one at `first`. */
function isHeader(view: DataView, at: number, first: number, little: boolean, nanoseconds: boolean): boolean {
  const captured = view.getUint32(at + CAPTURED, little);
  const wireLength = view.getUint32(at + WIRE_LENGTH, little);
  const apart = Math.abs(view.getUint32(at + SECONDS, little) - view.getUint32(first + SECONDS, little));
  if (captured > LIMITS.frameBytes || captured > wireLength || wireLength > LIMITS.frameBytes) return false;
  return apart < FAR_SECONDS && view.getUint32(at + FRACTION, little) < (nanoseconds ? 1e9 : 1e6);
}
