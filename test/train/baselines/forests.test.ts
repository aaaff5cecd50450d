import { describe, expect, test } from 'vitest';
import { ForestKernel } from '../../../models/trees/kernel.ts';
import { fitMajority, fitSingleColumn } from '../../../train/baselines/forests.ts';
import { LEARNERS } from '../../../train/learners.ts';
import { toRowMajor } from '../../../train/matrix.ts';
import { matrixOf } from '../data.ts';

const port = Float32Array.from({ length: 400 }, (_, i) => [22, 443, 3333, Number.NaN][i % 4]!);
const noise = Float32Array.from({ length: 400 }, (_, i) => (i * 7919) % 101);
const labels = Int32Array.from(port, (p) => (p === 3333 ? 1 : p === 22 ? 2 : 0));
const data = { matrix: matrixOf({ noise, port }), labels, classNames: ['web', 'mining', 'shell'] };

describe('baselines', () => {
  test('the majority gives the class shares to every row', () => {
    const out = new Float64Array(6);
    new ForestKernel(fitMajority(data).forest).predict(toRowMajor(data.matrix), 2, out);
    [0.5, 0.25, 0.25, 0.5, 0.25, 0.25].forEach((share, i) => {
      expect(out[i]).toBeCloseTo(share, 6);
    });
  });

  test('a single column takes all columns and looks at one', async () => {
    const { forest } = await fitSingleColumn(data, 'port');
    expect(forest.featureCount).toBe(2);
    expect(new Set(forest.feature)).toEqual(new Set([1, -1]));
    const out = new Float64Array(400 * 3);
    new ForestKernel(forest).predict(toRowMajor(data.matrix), 400, out);
    labels.forEach((label, row) => {
      expect(out[row * 3 + label]!).toBeGreaterThan(0.8);
    });
    await expect(fitSingleColumn(data, 'ports')).rejects.toThrow('there is no column ports');
  });

  // Those that read sequences have tests of their own: there are none here.
  test.each(LEARNERS.filter(({ lists }) => lists === undefined))(
    '$name yields a model that scores',
    async (learner) => {
      const seen: number[] = [];
      const fitted = await learner.fit(data, data, { rounds: 4 }, ({ round }) => seen.push(round));
      expect(fitted.predict(toRowMajor(data.matrix), 400)).toHaveLength(1200);
      expect(seen).toEqual([1, 2, 3, 4]);
    },
  );
});
