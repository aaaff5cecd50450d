/** Running histograms in the bins of others: one flat array of counts, a few nanoseconds a value. */
import type { InputHistogram } from '../../models/reference.ts';

export class BinCounts {
  readonly #references: readonly InputHistogram[];
  /** Edges of histogram `h`: `#edges[#edgeAt[h], #edgeAt[h + 1])`. */
  readonly #edges: Float64Array;
  readonly #edgeAt: Int32Array;
  /** Of histogram `h`, from `#edgeAt[h] + 2 h` on: missing values, then one count for each bin. */
  readonly #counts: Float64Array;

  constructor(references: readonly InputHistogram[]) {
    this.#references = references;
    this.#edgeAt = new Int32Array(references.length + 1);
    references.forEach(({ edges }, h) => {
      this.#edgeAt[h + 1] = this.#edgeAt[h]! + edges.length;
    });
    this.#edges = Float64Array.from(references.flatMap(({ edges }) => [...edges]));
    this.#counts = new Float64Array(this.#edges.length + 2 * references.length);
  }

  /** @param value NaN for none */
  add(histogram: number, value: number, weight: number): void {
    const edges = this.#edges;
    const from = this.#edgeAt[histogram]!;
    const base = from + 2 * histogram;
    if (Number.isNaN(value)) {
      this.#counts[base]! += weight;
      return;
    }
    // Ten bins or so: stepping through them is no slower than halving.
    const end = this.#edgeAt[histogram + 1]!;
    let at = from;
    while (at < end && edges[at]! <= value) at++;
    this.#counts[base + 1 + at - from]! += weight;
  }

  /** All counts times a factor. */
  decay(factor: number): void {
    const counts = this.#counts;
    for (let i = 0; i < counts.length; i++) counts[i]! *= factor;
  }

  /** The counts of a histogram as shares; null where nothing was counted. */
  shares(histogram: number): InputHistogram | null {
    const base = this.#edgeAt[histogram]! + 2 * histogram;
    const { edges } = this.#references[histogram]!;
    const missing = this.#counts[base]!;
    const counts = this.#counts.subarray(base + 1, base + 2 + edges.length);
    const present = counts.reduce((sum, count) => sum + count, 0);
    if (missing + present === 0) return null;
    return {
      missing: missing / (missing + present),
      edges,
      shares: Array.from(counts, (count) => (present === 0 ? 0 : count / present)),
    };
  }
}
