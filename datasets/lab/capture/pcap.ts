/** The classic capture file: little-endian, Ethernet, in microseconds or nanoseconds (the format libpcap calls 2.4). */
import { joined } from '../dialogue/bytes.ts';
import type { Frames } from '../transport/frames.ts';

const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const MAGIC_NANOSECONDS = 0xa1b23c4d;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const LINKTYPE_ETHERNET = 1;

/** What tcpdump has without `-s`. */
export const WHOLE_FRAMES = 262_144;

export interface PcapForm {
  /** What the capture's zero is in Unix time, seconds. */
  readonly epochSeconds: number;
  /** Bytes kept of a frame. */
  readonly snapLength: number;
  readonly resolution: 'us' | 'ns';
}

/** Writes frames as they come; whoever calls keeps them in time order. */
export class PcapWriter {
  readonly #form: PcapForm;
  readonly #write: (bytes: Uint8Array) => void;
  readonly #record = new Uint8Array(RECORD_HEADER_BYTES);
  readonly #view = new DataView(this.#record.buffer);
  /** Bytes handed on so far. */
  bytes = 0;

  /** @param write copies the bytes before it returns. */
  constructor(form: PcapForm, write: (bytes: Uint8Array) => void) {
    this.#form = form;
    this.#write = write;
    const header = new Uint8Array(FILE_HEADER_BYTES);
    const view = new DataView(header.buffer);
    view.setUint32(0, form.resolution === 'us' ? MAGIC_MICROSECONDS : MAGIC_NANOSECONDS, true);
    view.setUint16(4, 2, true);
    view.setUint16(6, 4, true);
    view.setUint32(16, form.snapLength, true);
    view.setUint32(20, LINKTYPE_ETHERNET, true);
    this.#hand(header);
  }

  /** @param atUs on the clock of the capture, whole microseconds. */
  frame(atUs: number, bytes: Uint8Array): void {
    const { epochSeconds, snapLength, resolution } = this.#form;
    const kept = Math.min(bytes.length, snapLength);
    const view = this.#view;
    const us = atUs % 1_000_000;
    view.setUint32(0, epochSeconds + Math.floor(atUs / 1_000_000), true);
    view.setUint32(4, resolution === 'us' ? us : us * 1_000 + belowMicrosecond(atUs), true);
    view.setUint32(8, kept, true);
    view.setUint32(12, bytes.length, true);
    this.#hand(this.#record);
    this.#hand(kept < bytes.length ? bytes.subarray(0, kept) : bytes);
  }

  #hand(bytes: Uint8Array): void {
    this.bytes += bytes.length;
    this.#write(bytes);
  }
}

/** The virtual clock has no nanoseconds: three more digits, of the time alone, so that equal times stay equal. */
function belowMicrosecond(atUs: number): number {
  const mixed = Math.imul((atUs ^ Math.floor(atUs / 0x1_0000_0000)) | 0, 0x9e3779b1);
  return ((mixed ^ (mixed >>> 15)) >>> 0) % 1_000;
}

/** A capture of one connection in memory. */
export function encodePcap(frames: Frames, epochSeconds: number): Uint8Array {
  const parts: Uint8Array[] = [];
  const writer = new PcapWriter({ epochSeconds, snapLength: WHOLE_FRAMES, resolution: 'us' }, (bytes) => {
    parts.push(bytes.slice());
  });
  for (let i = 0; i < frames.count; i++) writer.frame(frames.timesUs[i]!, frames.frame(i));
  return joined(parts);
}
