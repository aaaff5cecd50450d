/**
 * im2col and its transpose, which make a convolution a matrix product. In JavaScript: the WebAssembly backend takes ten
 * times as long to slice and join as these loops take, copies in and out of its memory included.
 */

export interface PatchShape {
  readonly rows: number;
  /** Positions of each row. */
  readonly length: number;
  readonly channels: number;
  /** Odd. */
  readonly taps: number;
}

/**
 * Each position with its neighbours, zeros beyond the ends.
 *
 * @param x [rows, length, channels]
 * @returns [rows * length, taps * channels], tap by tap
 */
export function patchesOf(x: Float32Array, { rows, length, channels, taps }: PatchShape): Float32Array {
  const out = new Float32Array(rows * length * taps * channels);
  const side = (taps - 1) / 2;
  for (let row = 0; row < rows; row++) {
    for (let position = 0; position < length; position++) {
      // Neighbours stand side by side in x as well: one copy of those that are there.
      const first = Math.max(position - side, 0);
      const end = Math.min(position + side + 1, length);
      const from = (row * length + first) * channels;
      const to = ((row * length + position) * taps + first - (position - side)) * channels;
      for (let i = 0, count = (end - first) * channels; i < count; i++) out[to + i] = x[from + i]!;
    }
  }
  return out;
}

/**
 * What every patch says of a position, summed.
 *
 * @param patches [rows * length, taps * channels]
 * @returns [rows, length, channels]
 */
export function sumOfPatches(patches: Float32Array, { rows, length, channels, taps }: PatchShape): Float32Array {
  const out = new Float32Array(rows * length * channels);
  const side = (taps - 1) / 2;
  for (let row = 0; row < rows; row++) {
    for (let position = 0; position < length; position++) {
      const first = Math.max(position - side, 0);
      const end = Math.min(position + side + 1, length);
      const to = (row * length + first) * channels;
      const from = ((row * length + position) * taps + first - (position - side)) * channels;
      for (let i = 0, count = (end - first) * channels; i < count; i++) out[to + i]! += patches[from + i]!;
    }
  }
  return out;
}
