/** Whether a model that was made elsewhere answers: one run on made-up rows, before anything rests on it. */
import { Prng } from '../../core/prng.ts';
import type { Predictor } from '../predictor.ts';
import { invalidModel } from '../trees/forest.ts';

/** Rows of a trial: enough that each input is null, 0 and large in several of them. */
export const TRIAL_ROWS = 64;
/** Of float32 sums over as many classes as there may be. */
const TOLERANCE = 1e-3;

/** Rows of made-up flows: counts, times and shares of every size; one value in five null, rows of nothing else first. */
export function trialRows(features: number, count = TRIAL_ROWS): Float32Array {
  const random = new Prng('trial');
  return Float32Array.from({ length: count * features }, (_, i) => {
    if (i < features || random.chance(0.2)) return Number.NaN;
    if (random.chance(0.1)) return 0;
    return random.chance(0.5) ? random.float() : random.logNormal(1000, 3);
  });
}

export interface Trial {
  /** Largest difference between a row scored alone and among others. */
  readonly batchDifference: number;
  /** All rows got the same answer. */
  readonly isConstant: boolean;
}

/** @throws FlowlampError MODEL_INVALID for answers that are no probabilities, or that depend on the other rows */
export async function tryModel(predictor: Predictor): Promise<Trial> {
  const { featureCount, classCount } = predictor;
  const rows = trialRows(featureCount);
  const all = await predictor.predict(rows, TRIAL_ROWS);
  let batchDifference = 0;
  let isConstant = true;
  for (let row = 0; row < TRIAL_ROWS; row++) {
    const given = all.subarray(row * classCount, (row + 1) * classCount);
    checkProbabilities(given);
    const alone = await predictor.predict(rows.subarray(row * featureCount, (row + 1) * featureCount), 1);
    given.forEach((probability, k) => {
      batchDifference = Math.max(batchDifference, Math.abs(probability - alone[k]!));
      if (probability !== all[k]) isConstant = false;
    });
  }
  if (batchDifference > TOLERANCE) {
    throw invalidModel(
      `the model scores a row otherwise when others are beside it (by ${batchDifference.toPrecision(2)})`,
      'a model that was exported for inference, in which each row stands alone',
    );
  }
  return { batchDifference, isConstant };
}

function checkProbabilities(given: Float32Array): void {
  const shown = [...given.slice(0, 4)].map((value) => value.toPrecision(3)).join(', ');
  if (given.some(Number.isNaN)) {
    throw invalidModel(
      'the model answers NaN where inputs are null',
      'what it takes for a null as `missing` in the map, such as 0 or -1',
    );
  }
  const sum = given.reduce((total, value) => total + value, 0);
  const inRange = given.every((value) => value >= -TOLERANCE && value <= 1 + TOLERANCE);
  if (inRange && Math.abs(sum - 1) <= TOLERANCE) return;
  throw invalidModel(
    `the model answers [${shown}]`,
    'probabilities that add up to 1, or "outputKind": "logits" in the map',
  );
}
