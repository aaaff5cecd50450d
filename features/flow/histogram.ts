/**
 * Eight bins that double in width: the histograms of ipfixprobe's PHISTS and of CESNET's models, so that figures compare.
 * 0-15, 16-31, 32-63, 64-127, 128-255, 256-511, 512-1023, 1024 and more; bytes for sizes, milliseconds for times.
 */
export const BINS = 8;
const FIRST_BITS = 4;

/** The bin of a value, 0 or more. */
export function binOf(value: number): number {
  const bits = 32 - Math.clz32(value < 1024 ? value : 1024);
  return bits <= FIRST_BITS ? 0 : bits - FIRST_BITS;
}

/** Where each bin begins. */
export const BIN_FROM = [0, 16, 32, 64, 128, 256, 512, 1024] as const;
