/** Sorting and quantiles of short runs of numbers, in memory that is there. */

/** Gaps of Ciura's (2001), as far as they help with runs of at most a few hundred. */
const STRIDES = [57, 23, 10, 4, 1] as const;

/** Sorts `values[0, count)`, ascending: Shell's sort, which takes no memory and is quick where little is out of place. */
export function sortFirst(values: Float64Array, count: number): void {
  for (const stride of STRIDES) {
    for (let i = stride; i < count; i++) {
      const value = values[i]!;
      let to = i;
      for (; to >= stride && values[to - stride]! > value; to -= stride) values[to] = values[to - stride]!;
      values[to] = value;
    }
  }
}

/**
 * The value below which a share of `sorted[0, count)` lies, linear between neighbours: numpy.quantile's default (type 7
 * of Hyndman and Fan, 1996). `count` is at least 1.
 */
export function quantile(sorted: Float64Array, count: number, share: number): number {
  const place = (count - 1) * share;
  const below = Math.floor(place);
  const value = sorted[below]!;
  return below + 1 < count ? value + (sorted[below + 1]! - value) * (place - below) : value;
}

/** Writes both sorted runs, in order, to `out`. */
export function merge(a: Float64Array, countA: number, b: Float64Array, countB: number, out: Float64Array): void {
  let i = 0;
  let j = 0;
  for (let to = 0; to < countA + countB; to++) {
    const isA = j === countB || (i < countA && a[i]! <= b[j]!);
    out[to] = isA ? a[i++]! : b[j++]!;
  }
}

/** Standard deviation (divided by n) over mean of `values[0, count)`; NaN where the mean is 0. */
export function variation(values: Float64Array, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[i]!;
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < count; i++) squares += (values[i]! - mean) ** 2;
  return Math.sqrt(squares / count) / mean;
}
