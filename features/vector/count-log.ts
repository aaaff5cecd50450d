/** n log2 n, which entropies of counts are sums of: of n symbols that occur c times each, H = (n log2 n - sum c log2 c) / n. */

const KNOWN = 257;
const TERMS = Float64Array.from({ length: KNOWN }, (_, n) => (n < 2 ? 0 : n * Math.log2(n)));

/** @param n a count, at most 256 */
export function countTimesLog(n: number): number {
  return TERMS[n]!;
}
