/** What is counted once every row has one predicted class. Undefined ratios are null, never NaN. */

/** counts[truth * classes + predicted], rows counted. */
export interface Confusion {
  readonly classes: number;
  readonly counts: Float64Array;
}

export interface ClassScores {
  /** Rows of the class. */
  readonly support: number;
  /** Rows that were called the class. */
  readonly called: number;
  /** TP / (TP + FP); null where nothing was called the class. */
  readonly precision: number | null;
  /** TP / (TP + FN); null where there is no row of the class. */
  readonly recall: number | null;
  /** 2 TP / (2 TP + FP + FN) (van Rijsbergen, 1979); null where the class neither occurs nor is called. */
  readonly f1: number | null;
}

export function countConfusion(truth: Int32Array, predicted: Int32Array, classes: number): Confusion {
  const counts = new Float64Array(classes * classes);
  for (let row = 0; row < truth.length; row++) {
    const cell = truth[row]! * classes + predicted[row]!;
    counts[cell] = counts[cell]! + 1;
  }
  return { classes, counts };
}

/** The most probable class of each row of row-major [rows, classes]; the first wins ties. */
export function mostProbable(probabilities: Float32Array | Float64Array, classes: number): Int32Array {
  const predicted = new Int32Array(probabilities.length / classes);
  for (let row = 0; row < predicted.length; row++) {
    let best = 0;
    for (let k = 1; k < classes; k++) {
      if (probabilities[row * classes + k]! > probabilities[row * classes + best]!) best = k;
    }
    predicted[row] = best;
  }
  return predicted;
}

/** Correct rows / rows; null without rows. */
export function accuracy({ classes, counts }: Confusion): number | null {
  let right = 0;
  let total = 0;
  for (let i = 0; i < counts.length; i++) {
    total += counts[i]!;
    if (i % (classes + 1) === 0) right += counts[i]!;
  }
  return ratio(right, total);
}

export function scoreClass({ classes, counts }: Confusion, target: number): ClassScores {
  let support = 0;
  let called = 0;
  for (let k = 0; k < classes; k++) {
    support += counts[target * classes + k]!;
    called += counts[k * classes + target]!;
  }
  const hits = counts[target * classes + target]!;
  return {
    support,
    called,
    precision: ratio(hits, called),
    recall: ratio(hits, support),
    f1: ratio(2 * hits, support + called),
  };
}

/** Unweighted mean of the F1 of the classes that occur or are called; null where there are none. */
export function macroF1(confusion: Confusion): number | null {
  const scores = Array.from({ length: confusion.classes }, (_, k) => scoreClass(confusion, k).f1);
  const defined = scores.filter((f1) => f1 !== null);
  return ratio(
    defined.reduce((sum, f1) => sum + f1, 0),
    defined.length,
  );
}

export function ratio(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null;
}
