/** GREASE (RFC 8701 2): 16 reserved values 0x0a0a, 0x1a1a, ..., 0xfafa that clients scatter at random. */

/** True for a GREASE value: both bytes equal, ending in 0xa. Testing only the low halves would also take 0x0a1a. */
export function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >>> 8 === (value & 0xff);
}

/** The values that are not GREASE, in their order. */
export function withoutGrease(values: readonly number[]): number[] {
  const kept: number[] = [];
  for (const value of values) if (!isGrease(value)) kept.push(value);
  return kept;
}
