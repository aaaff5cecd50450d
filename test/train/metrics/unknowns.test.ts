import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { rejectUnknown } from '../../../train/metrics/unknowns.ts';

test('turns away what is less sure than all but 5 % of the known', () => {
  const known = Float64Array.from({ length: 100 }, (_, i) => (i + 1) / 100);
  // At most five known rows may go: those at 0.01 to 0.05. Ties with the sixth stay.
  const result = rejectUnknown(known, Float64Array.of(0.01, 0.055, 0.06, 0.9));
  expect(result).toMatchObject({ known: 100, unknown: 4, tpr: 0.5, maxRefused: 0.05 });
});

test('agrees with trying every threshold', () => {
  const random = new Prng(11);
  const known = Float64Array.from({ length: 333 }, () => random.below(50) / 50);
  const unknown = Float64Array.from({ length: 200 }, () => random.below(50) / 70);
  let best = 0;
  for (const threshold of [...known, ...unknown, 2]) {
    const refused = known.filter((score) => score < threshold).length;
    if (refused / 333 <= 0.05) best = Math.max(best, unknown.filter((score) => score < threshold).length / 200);
  }
  // Thresholds between known scores turn away no more unknown ones than the known score above them.
  expect(rejectUnknown(known, unknown)!.tpr).toBe(best);
});

test('needs both', () => {
  expect(rejectUnknown(new Float64Array(0), Float64Array.of(1))).toBeNull();
  expect(rejectUnknown(Float64Array.of(1), new Float64Array(0))).toBeNull();
});
