/**
 * A learner of one's own, and a model of it that `flowlamp score -m` takes: `node examples/custom-learner.ts FLOWS FOLDER`,
 * compiled; `flowlamp extract --labels` writes such flows. This one calls a flow after the class whose mean it is nearest to.
 */
import {
  fitPreparation,
  type Learner,
  perceptronModel,
  prepareRows,
  saveModel,
  toRowMajor,
  train,
} from 'flowlamp/train';

export const CENTROIDS: Learner = {
  name: 'centroids',
  roundName: 'round',
  defaults: { rounds: 1, patience: 0, seed: 1 },
  unchosenRounds: 1,
  fit({ matrix, labels, classNames }) {
    // Columns on one scale, and nulls told apart, as the model will do it by itself.
    const preparation = fitPreparation(matrix);
    const rows = prepareRows(preparation, toRowMajor(matrix), matrix.rows);
    const inputs = rows.length / matrix.rows;
    const outputs = classNames.length;
    const counts = classNames.map((_, k) => labels.filter((label) => label === k).length);
    const weights = new Float32Array(inputs * outputs);
    rows.forEach((x, at) => {
      const k = labels[Math.floor(at / inputs)] ?? 0;
      const place = (at % inputs) * outputs + k;
      weights[place] = (weights[place] ?? 0) + x / (counts[k] || 1);
    });
    // |x - m|² = |x|² - 2 (x m - |m|² / 2): the nearest mean has the largest x m - |m|² / 2, which is a layer of a net.
    const biases = Float32Array.from(classNames, (_, k) =>
      weights.reduce((sum, m, at) => (at % outputs === k ? sum - (m * m) / 2 : sum), 0),
    );
    const layers = [{ inputs, outputs, weights, biases }];
    return perceptronModel({ preparation, classNames, layers }, { rounds: 1, trainingLoss: [], validationLoss: [] });
  },
};

const [flows = 'flows.arrow', folder = 'my-model'] = process.argv.slice(2);
const trained = await train([{ input: flows }], { name: 'centroids', learner: CENTROIDS });
saveModel(folder, trained);
console.log(`macro-F1 of held-out captures: ${trained.metrics?.macroF1?.toFixed(3)}`);
