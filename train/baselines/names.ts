/** What the name that a flow asked for gives away: a model that reads behaviour should know more than a list of words. */

/** The words of a host name: `eu1`, `stratum`, `f2pool`, `com` of `eu1.stratum.f2pool.com`, digits at the ends dropped. */
export function wordsOf(name: string): string[] {
  const words = name.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  return [...new Set(words.map((word) => word.replace(/^\d+|\d+$/g, '')).filter((word) => word.length > 1))];
}

export interface NameModel {
  /** Probabilities, row-major [names, classes]; a name of unknown words gives the shares of the classes. */
  predict(names: readonly string[]): Float32Array;
}

/** Added to every count, so that a word seen once proves little. */
const SMOOTHING = 0.5;

/**
 * Naive Bayes over the words of server names (Bernoulli model with only the words that occur: McCallum and Nigam, 1998).
 * The empty name, of flows without SNI, is a word of its own.
 */
export function fitNames(names: readonly string[], labels: Int32Array, classCount: number): NameModel {
  const rowsOf = new Float64Array(classCount);
  const words = new Map<string, Float64Array>();
  names.forEach((name, row) => {
    rowsOf[labels[row]!]!++;
    for (const word of keysOf(name)) {
      const counts = words.get(word) ?? new Float64Array(classCount);
      words.set(word, counts);
      counts[labels[row]!]!++;
    }
  });
  const total = names.length + SMOOTHING * classCount;
  return {
    predict(asked) {
      const out = new Float32Array(asked.length * classCount);
      asked.forEach((name, i) => {
        const scores = Float64Array.from(rowsOf, (rows) => Math.log((rows + SMOOTHING) / total));
        for (const word of keysOf(name)) {
          const counts = words.get(word);
          if (counts === undefined) continue;
          for (let k = 0; k < classCount; k++) {
            scores[k]! += Math.log((counts[k]! + SMOOTHING) / (rowsOf[k]! + 2 * SMOOTHING));
          }
        }
        softmaxInto(scores, out, i * classCount);
      });
      return out;
    },
  };
}

function keysOf(name: string): string[] {
  return name === '' ? [''] : wordsOf(name);
}

/** Writes the shares that scores (logarithms) stand for. */
export function softmaxInto(scores: Float64Array, out: Float32Array, at: number): void {
  const most = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  let sum = 0;
  for (const score of scores) sum += Math.exp(score - most);
  for (let k = 0; k < scores.length; k++) out[at + k] = Math.exp(scores[k]! - most) / sum;
}
