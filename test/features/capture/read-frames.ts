/** Every frame of a capture as an object, with the account of the reader. */
import type { CaptureAccount } from '../../../features/capture/decoder.ts';
import { CaptureReader } from '../../../features/capture/reader.ts';

export interface ReadFrame {
  readonly bytes: number[];
  readonly wireLength: number;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  readonly linkType: number;
}

export interface ReadCapture {
  readonly frames: readonly ReadFrame[];
  readonly account: CaptureAccount;
}

export function readFrames(capture: Uint8Array, pieceBytes = Math.max(1, capture.length)): ReadCapture {
  const frames: ReadFrame[] = [];
  const reader = new CaptureReader('test.pcap', {
    frame(view, at, end, wireLength, us, ns, linkType) {
      const bytes = [...new Uint8Array(view.buffer, view.byteOffset + at, end - at)];
      frames.push({ bytes, wireLength, time: BigInt(us) * 1000n + BigInt(ns), linkType });
    },
  });
  for (let at = 0; at < capture.length; at += pieceBytes) reader.write(capture.subarray(at, at + pieceBytes));
  return { frames, account: reader.finish() };
}
