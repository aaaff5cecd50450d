/** A capture held in memory, to be written out over and over: runs of its records as they lie there, with times of one's own. */
import { FILE_HEADER_BYTES, pcapVariant } from '../features/capture/pcap.ts';

const RECORD_HEADER_BYTES = 16;
const CAPTURED = 8;
const ETHERNET_BYTES = 14;
const ETHERTYPE_IPV4 = 0x0800;
const IPV4_BYTES = 20;
const IPV4_SOURCE = 12;
const IPV4_DESTINATION = 16;

export class PcapFeed {
  /** Packets of the capture. */
  readonly packets: number;
  readonly header: Uint8Array;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** Where each record begins, and behind the last one its end. */
  readonly #starts: Float64Array;
  readonly #little: boolean;
  readonly #perSecond: number;

  /** @param bytes a classic capture with record headers of 16 bytes; its times are changed in place */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const variant = bytes.length < FILE_HEADER_BYTES ? null : pcapVariant(view, 0);
    if (variant === null || variant.recordHeader !== RECORD_HEADER_BYTES) throw new Error('a classic pcap is needed');
    this.#bytes = bytes;
    this.#view = view;
    this.#little = variant.little;
    this.#perSecond = variant.nanoseconds ? 1e9 : 1e6;
    this.header = bytes.subarray(0, FILE_HEADER_BYTES);
    this.#starts = startsOf(view, variant.little);
    this.packets = this.#starts.length - 1;
    if (this.packets < 1) throw new Error('the capture holds no packets');
  }

  /** The records from `first` to below `end`; borrowed. */
  records(first: number, end: number): Uint8Array {
    return this.#bytes.subarray(this.#starts[first], this.#starts[end]);
  }

  bytesOf(first: number, end: number): number {
    return this.#starts[end]! - this.#starts[first]!;
  }

  /** What must be added to all times, seconds, for the capture to follow itself. */
  get span(): number {
    const time = (packet: number) => this.#view.getUint32(this.#starts[packet]!, this.#little);
    return Math.max(1, time(this.packets - 1) - time(0) + 1);
  }

  /** Adds whole seconds to all times. */
  shift(seconds: number): void {
    for (let i = 0; i < this.packets; i++) {
      const at = this.#starts[i]!;
      this.#view.setUint32(at, this.#view.getUint32(at, this.#little) + seconds, this.#little);
    }
  }

  /** Moves records to the next network, where they are IPv4 right behind Ethernet: their flows are others then. */
  move(first: number, end: number): void {
    for (let i = first; i < end; i++) {
      const ip = this.#starts[i]! + RECORD_HEADER_BYTES + ETHERNET_BYTES;
      if (ip + IPV4_BYTES > this.#starts[i + 1]! || this.#view.getUint16(ip - 2) !== ETHERTYPE_IPV4) continue;
      this.#bytes[ip + IPV4_SOURCE]!++;
      this.#bytes[ip + IPV4_DESTINATION]!++;
    }
  }

  /** Gives the records from `first` to below `end` times from `since` on, seconds since 1970, `step` apart. */
  stamp(first: number, end: number, since: number, step: number): void {
    const { length } = this.#starts;
    if (end >= length) throw new Error('no such record');
    for (let i = first; i < end; i++) {
      const time = since + (i - first) * step;
      const seconds = Math.floor(time);
      const at = this.#starts[i]!;
      this.#view.setUint32(at, seconds, this.#little);
      this.#view.setUint32(at + 4, Math.floor((time - seconds) * this.#perSecond), this.#little);
    }
  }
}

function startsOf(view: DataView, little: boolean): Float64Array {
  let starts = new Float64Array(1 << 16);
  let count = 0;
  let at = FILE_HEADER_BYTES;
  for (;;) {
    if (count === starts.length) {
      const larger = new Float64Array(count * 2);
      larger.set(starts);
      starts = larger;
    }
    starts[count++] = at;
    if (view.byteLength - at < RECORD_HEADER_BYTES) break;
    const next = at + RECORD_HEADER_BYTES + view.getUint32(at + CAPTURED, little);
    if (next > view.byteLength) break;
    at = next;
  }
  return starts.subarray(0, count);
}
