/** A capture cut into the files that a sensor's ring would have had. */

const HEADER = 24;

/**
 * @param capture a classic capture, little-endian and not compressed
 * @param files how many; the packets are shared out evenly
 */
export function splitCapture(capture: Uint8Array, files: number): Uint8Array[] {
  const view = new DataView(capture.buffer, capture.byteOffset, capture.length);
  const starts: number[] = [];
  for (let at = HEADER; at < capture.length; at += 16 + view.getUint32(at + 8, true)) starts.push(at);
  starts.push(capture.length);
  const place = (file: number) => starts[Math.round((file * (starts.length - 1)) / files)]!;
  return Array.from({ length: files }, (_, file) =>
    Buffer.concat([capture.subarray(0, HEADER), capture.subarray(place(file), place(file + 1))]),
  );
}
