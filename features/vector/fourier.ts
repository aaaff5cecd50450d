/** The discrete Fourier transform of short runs, in place (Cooley and Tukey, 1965). */

/** The most points. */
export const MOST_POINTS = 1024;
const COS = Float64Array.from({ length: MOST_POINTS / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / MOST_POINTS));
const SIN = Float64Array.from({ length: MOST_POINTS / 2 }, (_, i) => Math.sin((2 * Math.PI * i) / MOST_POINTS));

/**
 * Replaces `re + i im`, `[0, points)`, by its transform: X[k] = sum of x[n] e^(-2 pi i k n / points).
 *
 * @param points a power of two, at most MOST_POINTS
 */
export function transform(re: Float64Array, im: Float64Array, points: number): void {
  reverseBits(re, im, points);
  for (let half = 1; half < points; half *= 2) {
    const stride = MOST_POINTS / (2 * half);
    for (let from = 0; from < points; from += 2 * half) {
      for (let i = 0; i < half; i++) {
        const cos = COS[i * stride]!;
        const sin = SIN[i * stride]!;
        const a = from + i;
        const b = a + half;
        const turnedRe = re[b]! * cos + im[b]! * sin;
        const turnedIm = im[b]! * cos - re[b]! * sin;
        re[b] = re[a]! - turnedRe;
        im[b] = im[a]! - turnedIm;
        re[a]! += turnedRe;
        im[a]! += turnedIm;
      }
    }
  }
}

/** Puts each value where its index, its bits read backwards, says. */
function reverseBits(re: Float64Array, im: Float64Array, points: number): void {
  for (let i = 1, to = 0; i < points; i++) {
    let bit = points >> 1;
    for (; (to & bit) !== 0; bit >>= 1) to ^= bit;
    to ^= bit;
    if (i >= to) continue;
    const keptRe = re[i]!;
    const keptIm = im[i]!;
    re[i] = re[to]!;
    im[i] = im[to]!;
    re[to] = keptRe;
    im[to] = keptIm;
  }
}
