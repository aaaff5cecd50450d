import { expect, test } from 'vitest';
import { gaussLegendre } from '../../../models/trees/quadrature.ts';

test.each([1, 2, 3, 8, 40, 256])(
  '%i points integrate x^d over [0, 1] exactly up to their degree, and no further',
  (count) => {
    const { nodes, weights } = gaussLegendre(count);
    const integral = (degree: number) => nodes.reduce((sum, x, i) => sum + weights[i]! * x ** degree, 0);
    for (let degree = 0; degree < 2 * count; degree++) {
      expect(Math.abs(integral(degree) - 1 / (degree + 1))).toBeLessThan(1e-14);
    }
    if (count < 5) expect(Math.abs(integral(2 * count) - 1 / (2 * count + 1))).toBeGreaterThan(1e-6);
  },
);
