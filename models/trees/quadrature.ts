/** Gauss-Legendre quadrature on [0, 1]: exact for polynomials up to degree 2 * count - 1. */
export interface Quadrature {
  readonly count: number;
  /** Ascending, within (0, 1). */
  readonly nodes: Float64Array;
  /** Positive, sum 1. */
  readonly weights: Float64Array;
}

const known = new Map<number, Quadrature>();

/** Roots of the Legendre polynomial by Newton's method (Press et al., Numerical Recipes, 4.6). */
export function gaussLegendre(count: number): Quadrature {
  const before = known.get(count);
  if (before !== undefined) return before;
  const nodes = new Float64Array(count);
  const weights = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let x = -Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
    let slope = 0;
    for (let step = 0; step < NEWTON_STEPS; step++) {
      const { value, derivative } = legendre(count, x);
      slope = derivative;
      const change = value / derivative;
      x -= change;
      if (Math.abs(change) < 1e-16) break;
    }
    nodes[i] = (x + 1) / 2;
    weights[i] = 1 / ((1 - x * x) * slope * slope);
  }
  const made = { count, nodes, weights };
  known.set(count, made);
  return made;
}

/** It doubles its digits with each step; from Tricomi's guess, above, four are enough. */
const NEWTON_STEPS = 10;

/** The polynomial of a degree and its derivative, by the three-term recurrence. */
function legendre(degree: number, x: number): { value: number; derivative: number } {
  let value = 1;
  let below = 0;
  for (let n = 1; n <= degree; n++) {
    const next = ((2 * n - 1) * x * value - (n - 1) * below) / n;
    below = value;
    value = next;
  }
  return { value, derivative: (degree * (x * value - below)) / (x * x - 1) };
}
