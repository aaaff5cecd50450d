import { Prng } from '../../core/prng.ts';
import type { LabelledMatrix } from '../../train/matrix.ts';

/** A matrix from columns by name. */
export function matrixOf(columns: Record<string, ArrayLike<number>>) {
  const names = Object.keys(columns);
  return { rows: columns[names[0]!]!.length, names, columns: names.map((name) => Float32Array.from(columns[name]!)) };
}

/** Classes in rings around the origin of x and y, a column of noise, and one value in ten missing. */
export function rings(seed: number, rows: number, classes: number): LabelledMatrix {
  const random = new Prng(seed);
  const x = new Float32Array(rows);
  const y = new Float32Array(rows);
  const noise = new Float32Array(rows);
  const labels = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    x[row] = random.between(-1, 1);
    y[row] = random.between(-1, 1);
    labels[row] = Math.min(classes - 1, Math.floor(Math.hypot(x[row]!, y[row]!) * classes));
    noise[row] = random.normal();
    if (random.chance(0.1)) x[row] = Number.NaN;
  }
  return {
    matrix: matrixOf({ x, y, noise }),
    labels,
    classNames: Array.from({ length: classes }, (_, k) => `ring ${k}`),
  };
}
