/** Reading big-endian integers and length-prefixed lists. The caller has checked the length (house rule 8). */

/** The 16-bit integer at `at`; needs two bytes there. */
export function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** The 24-bit integer at `at`; needs three bytes there. */
export function uint24(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
}

/** The 16-bit integers of `[at, end)`; an odd last byte is left out. */
export function uint16s(bytes: Uint8Array, at: number, end: number): number[] {
  const values: number[] = [];
  for (; at + 2 <= end; at += 2) values.push(uint16(bytes, at));
  return values;
}

/** The 8-bit integers of `[at, end)`. */
export function uint8s(bytes: Uint8Array, at: number, end: number): number[] {
  const values: number[] = [];
  for (; at < end; at++) values.push(bytes[at]!);
  return values;
}

/** True if `[at, end)` is exactly a one-byte length and as many bytes. */
export function isVector8(bytes: Uint8Array, at: number, end: number): boolean {
  return end - at >= 1 && at + 1 + bytes[at]! === end;
}

/** True if `[at, end)` is exactly a two-byte length and as many bytes. */
export function isVector16(bytes: Uint8Array, at: number, end: number): boolean {
  return end - at >= 2 && at + 2 + uint16(bytes, at) === end;
}
