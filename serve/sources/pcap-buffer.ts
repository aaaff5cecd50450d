/** Packets written as a classic capture into memory, a buffer at a time. */
import { FILE_HEADER_BYTES, PcapMagic } from '../../features/capture/pcap.ts';

const RECORD_HEADER_BYTES = 16;
/** Packets of a tenth of a second at a gigabit a second; what comes beyond, before they are taken, is lost. */
const ROOM_BYTES = 12 * 1024 * 1024;
const SNAP_LENGTH = 262_144;

export class PcapBuffer {
  #filling = new Uint8Array(ROOM_BYTES);
  #taken = new Uint8Array(ROOM_BYTES);
  #used: number;

  /** The first bytes are the file header. */
  constructor(linkType: number) {
    this.#filling.set(pcapHeader(linkType));
    this.#used = FILE_HEADER_BYTES;
  }

  get isEmpty(): boolean {
    return this.#used === 0;
  }

  /** Adds `frame[0, length)`, captured at `us` since 1970; false where there is no room. */
  add(frame: Uint8Array, length: number, us: number): boolean {
    const at = this.#used;
    if (at + RECORD_HEADER_BYTES + length > ROOM_BYTES) return false;
    const view = new DataView(this.#filling.buffer);
    const seconds = Math.floor(us / 1e6);
    view.setUint32(at, seconds, true);
    view.setUint32(at + 4, us - seconds * 1e6, true);
    view.setUint32(at + 8, length, true);
    view.setUint32(at + 12, length, true);
    this.#filling.set(frame.subarray(0, length), at + RECORD_HEADER_BYTES);
    this.#used = at + RECORD_HEADER_BYTES + length;
    return true;
  }

  /** What was added since the last call; valid until the next but one `add` after a further call. */
  take(): Uint8Array {
    const taken = this.#filling.subarray(0, this.#used);
    [this.#filling, this.#taken] = [this.#taken, this.#filling];
    this.#used = 0;
    return taken;
  }
}

/** A file header of little-endian microseconds. */
export function pcapHeader(linkType: number): Uint8Array {
  const header = new Uint8Array(FILE_HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint32(0, PcapMagic.Microseconds, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, SNAP_LENGTH, true);
  view.setUint32(20, linkType, true);
  return header;
}
