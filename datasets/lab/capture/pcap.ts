/** The classic capture file: little-endian, microseconds, Ethernet (the format libpcap calls 2.4). */
import type { CapturedFrame } from '../transport/connection.ts';

const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const SNAP_LENGTH = 262_144;
const LINKTYPE_ETHERNET = 1;

/** @param frames in time order. @param epochSeconds what the capture's zero is in Unix time. */
export function encodePcap(frames: readonly CapturedFrame[], epochSeconds: number): Uint8Array {
  const total = frames.reduce((sum, frame) => sum + RECORD_HEADER_BYTES + frame.bytes.length, FILE_HEADER_BYTES);
  const file = new Uint8Array(total);
  const view = new DataView(file.buffer);
  view.setUint32(0, MAGIC_MICROSECONDS, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, SNAP_LENGTH, true);
  view.setUint32(20, LINKTYPE_ETHERNET, true);
  let at = FILE_HEADER_BYTES;
  for (const { atUs, bytes } of frames) {
    view.setUint32(at, epochSeconds + Math.floor(atUs / 1_000_000), true);
    view.setUint32(at + 4, atUs % 1_000_000, true);
    view.setUint32(at + 8, bytes.length, true);
    view.setUint32(at + 12, bytes.length, true);
    file.set(bytes, at + RECORD_HEADER_BYTES);
    at += RECORD_HEADER_BYTES + bytes.length;
  }
  return file;
}
