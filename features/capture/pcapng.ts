/**
 * The pcapng capture file (https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcapng/): blocks of a type, a length, a
 * body and the length again. Several sections, each with its own byte order and interfaces, each interface with its own
 * link type and clock.
 */
import { LIMITS } from '../../core/limits.ts';
import { type CaptureAccount, type CaptureDecoder, type CaptureInterface, Damage, newAccount } from './decoder.ts';
import type { FrameSink } from './packet-sink.ts';
import { type Clock, MICROSECOND_CLOCK, type Moment, readClock, tellTime } from './pcapng-clock.ts';

const BlockType = {
  Section: 0x0a0d0d0a,
  Interface: 1,
  ObsoletePacket: 2,
  SimplePacket: 3,
  InterfaceStatistics: 5,
  EnhancedPacket: 6,
} as const;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const BLOCK_OVERHEAD = 12;
const BODY = 8;
const OptionCode = { End: 0, InterfaceName: 2, TimeResolution: 9, TimeOffset: 14, StatisticsDropped: 5 } as const;

interface Interface extends CaptureInterface {
  readonly clock: Clock;
}

/** True when a pcapng section header starts at `at`; four bytes are needed. */
export function isPcapng(view: DataView, at: number): boolean {
  return view.getUint32(at, true) === BlockType.Section;
}

export class PcapngDecoder implements CaptureDecoder {
  readonly account: CaptureAccount = newAccount('pcapng');
  readonly #sink: FrameSink;
  readonly #moment: Moment = { us: 0, ns: 0 };
  #interfaces: Interface[] = [];
  #little = true;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  decode(view: DataView, at: number, end: number): number {
    while (end - at >= BLOCK_OVERHEAD) {
      const type = view.getUint32(at, this.#little);
      if (type === BlockType.Section && !this.#startSection(view, at)) return this.#stop(Damage.BadBlock, end);
      const length = view.getUint32(at + 4, this.#little);
      if (length < BLOCK_OVERHEAD || length > LIMITS.blockBytes) return this.#stop(Damage.BadLength, end);
      // The format asks for a multiple of four; writers that forget still pad the block itself.
      const padded = (length + 3) & ~3;
      if (padded > end - at) return at;
      if (!this.#readBlock(view, type, at + BODY, at + length - 4)) return this.#stop(Damage.BadBlock, end);
      at += padded;
    }
    return at;
  }

  finish(_view: DataView, at: number): number {
    return at;
  }

  wanted(view: DataView, at: number, end: number): number {
    if (end - at < BLOCK_OVERHEAD) return BLOCK_OVERHEAD;
    return Math.max(BLOCK_OVERHEAD, Math.min((view.getUint32(at + 4, this.#little) + 3) & ~3, LIMITS.blockBytes));
  }

  #stop(damage: Damage, end: number): number {
    this.account.damage = damage;
    return end;
  }

  #startSection(view: DataView, at: number): boolean {
    const magic = view.getUint32(at + BODY, true);
    if (magic === BYTE_ORDER_MAGIC) this.#little = true;
    else if (view.getUint32(at + BODY, false) === BYTE_ORDER_MAGIC) this.#little = false;
    else return false;
    this.#interfaces = [];
    return true;
  }

  #readBlock(view: DataView, type: number, at: number, end: number): boolean {
    switch (type) {
      case BlockType.EnhancedPacket:
        return end - at >= 20 && this.#timedPacket(view, at, end, view.getUint32(at, this.#little));
      case BlockType.SimplePacket:
        return this.#simplePacket(view, at, end);
      case BlockType.ObsoletePacket:
        return end - at >= 20 && this.#timedPacket(view, at, end, view.getUint16(at, this.#little));
      case BlockType.Interface:
        return this.#describeInterface(view, at, end);
      case BlockType.InterfaceStatistics:
        this.account.otherBlocks++;
        this.#readStatistics(view, at, end);
        return true;
      case BlockType.Section:
        return true;
      default:
        this.account.otherBlocks++;
        return true;
    }
  }

  #describeInterface(view: DataView, at: number, end: number): boolean {
    if (end - at < 8 || this.#interfaces.length >= LIMITS.interfaces) return false;
    const linkType = view.getUint16(at, this.#little);
    const snapLength = view.getUint32(at + 4, this.#little);
    let name: string | null = null;
    let resolution: number | null = null;
    let offset = 0;
    this.#eachOption(view, at + 8, end, (code, valueAt, length) => {
      if (code === OptionCode.InterfaceName) name = text(view, valueAt, length);
      if (code === OptionCode.TimeResolution && length >= 1) resolution = view.getUint8(valueAt);
      if (code === OptionCode.TimeOffset && length >= 8) offset = this.#int64(view, valueAt);
    });
    const clock = resolution === null && offset === 0 ? MICROSECOND_CLOCK : readClock(resolution ?? 6, offset);
    const described = { linkType, snapLength, name, clock };
    this.#interfaces.push(described);
    if (this.account.interfaces.length < LIMITS.interfaces) this.account.interfaces.push(described);
    return true;
  }

  /** Enhanced and obsolete packet blocks differ only in the width of the interface number. */
  #timedPacket(view: DataView, at: number, end: number, interfaceId: number): boolean {
    const little = this.#little;
    const from = this.#interfaces[interfaceId];
    const captured = view.getUint32(at + 12, little);
    if (from === undefined || captured > end - at - 20) return false;
    const high = view.getUint32(at + 4, little);
    const low = view.getUint32(at + 8, little);
    return this.#packet(view, at + 20, captured, view.getUint32(at + 16, little), from, high, low);
  }

  /** A simple packet has no time of its own; the section's first interface gives the rest. */
  #simplePacket(view: DataView, at: number, end: number): boolean {
    const from = this.#interfaces[0];
    if (from === undefined || end - at < 4) return false;
    const wireLength = view.getUint32(at, this.#little);
    const snapped = from.snapLength === 0 ? wireLength : Math.min(wireLength, from.snapLength);
    return this.#packet(view, at + 4, Math.min(snapped, end - at - 4), wireLength, from, 0, 0);
  }

  #packet(
    view: DataView,
    at: number,
    captured: number,
    wireLength: number,
    from: Interface,
    high: number,
    low: number,
  ): boolean {
    if (captured > LIMITS.frameBytes) return false;
    const moment = this.#moment;
    tellTime(from.clock, high, low, moment);
    this.account.frames++;
    if (wireLength > captured) this.account.cutFrames++;
    const length = wireLength > captured ? wireLength : captured;
    this.#sink.frame(view, at, at + captured, length, moment.us, moment.ns, from.linkType);
    return true;
  }

  #readStatistics(view: DataView, at: number, end: number): void {
    if (end - at < 12) return;
    this.#eachOption(view, at + 12, end, (code, valueAt, length) => {
      if (code === OptionCode.StatisticsDropped && length >= 8) {
        this.account.reportedDrops += this.#int64(view, valueAt);
      }
    });
  }

  /** Calls `visit` for each option; a malformed list ends at the first option that does not fit. */
  #eachOption(
    view: DataView,
    at: number,
    end: number,
    visit: (code: number, at: number, length: number) => void,
  ): void {
    while (end - at >= 4) {
      const code = view.getUint16(at, this.#little);
      const length = view.getUint16(at + 2, this.#little);
      if (code === OptionCode.End || length > end - at - 4) return;
      visit(code, at + 4, length);
      at += 4 + ((length + 3) & ~3);
    }
  }

  #int64(view: DataView, at: number): number {
    return Number(view.getBigInt64(at, this.#little));
  }
}

function text(view: DataView, at: number, length: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, Math.min(length, 256));
  // Names from a capture end up on terminals: keep what prints.
  return new TextDecoder().decode(bytes).replace(/\p{Cc}/gu, '');
}
