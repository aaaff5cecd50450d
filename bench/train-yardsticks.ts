/** Other trainers on the same data, in a Python process of their own: what is not installed is null. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LabelledMatrix, toRowMajor } from '../train/matrix.ts';

export interface TrainingRun {
  /** CPU and wall seconds of fitting, binning included. */
  readonly cpu: number;
  readonly wall: number;
  /** CPU seconds of the busiest thread, where there are several. */
  readonly busiest?: number;
  /** Mean held-out log loss. */
  readonly loss: number;
}

/** The same settings in the words of each: 31 leaves, best leaf first, rate 0.1, L2 of 1, 255 bins. */
const MODELS = {
  'scikit-learn': `
from sklearn.ensemble import HistGradientBoostingClassifier
model = HistGradientBoostingClassifier(max_iter=rounds, max_leaf_nodes=31, max_bins=255, early_stopping=False,
  l2_regularization=1.0, min_samples_leaf=20)
`,
  'XGBoost hist': `
from xgboost import XGBClassifier
model = XGBClassifier(n_estimators=rounds, tree_method='hist', grow_policy='lossguide', max_leaves=31, max_depth=0,
  max_bin=255, learning_rate=0.1, reg_lambda=1.0, min_child_weight=1e-3, n_jobs=1)
`,
} as const;

export type Yardstick = keyof typeof MODELS;
export const YARDSTICKS = Object.keys(MODELS) as Yardstick[];

const HEAD = `
import sys, time, json, numpy as np
folder, n, m, f, rounds = sys.argv[1], *map(int, sys.argv[2:])
x = np.fromfile(folder + '/x', np.float32).reshape(n, f); y = np.fromfile(folder + '/y', np.int32)
xv = np.fromfile(folder + '/xv', np.float32).reshape(m, f); yv = np.fromfile(folder + '/yv', np.int32)
`;

const TAIL = `
cpu, wall = time.process_time(), time.time()
model.fit(x, y)
cpu, wall = time.process_time() - cpu, time.time() - wall
p = model.predict_proba(xv)
print(json.dumps({'cpu': cpu, 'wall': wall, 'loss': float(-np.log(np.maximum(1e-15, p[np.arange(m), yv])).mean())}))
`;

/** Data on disk for as many runs as wanted. */
export class YardstickData {
  readonly #folder = mkdtempSync(join(tmpdir(), 'flowlamp-bench-'));
  readonly #sizes: readonly number[];

  constructor(train: LabelledMatrix, held: LabelledMatrix) {
    this.#sizes = [train.matrix.rows, held.matrix.rows, train.matrix.columns.length];
    for (const [{ matrix, labels }, ending] of [[train, ''] as const, [held, 'v'] as const]) {
      writeFileSync(join(this.#folder, `x${ending}`), toRowMajor(matrix));
      writeFileSync(join(this.#folder, `y${ending}`), labels);
    }
  }

  run(name: Yardstick, rounds: number): TrainingRun | null {
    // One thread: threads that wait would count as work.
    const env = { ...process.env, OMP_NUM_THREADS: '1' };
    const script = HEAD + MODELS[name] + TAIL;
    const sizes = [...this.#sizes, rounds].map(String);
    const { status, stdout } = spawnSync('/usr/bin/python3', ['-c', script, this.#folder, ...sizes], { env });
    return status === 0 ? JSON.parse(stdout.toString()) : null;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
