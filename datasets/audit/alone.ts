/** How well a single number tells a class from the others. */

export interface Alone {
  /** Area under the ROC curve of the number itself, whichever way it points; null for what has no order. */
  readonly rank: number | null;
  /**
   * Of how often each value (or range of values) is of the class on other groups: what one who knows nothing else could
   * learn. Null where the class does not stand in groups enough.
   */
  readonly heldOut: number | null;
  /** Number of the class that it tells best. */
  readonly label: number;
}

export interface Sample {
  /** Class per row. */
  readonly labels: Int32Array;
  readonly classCount: number;
  /** Rows of each class. */
  readonly rowsOf: Int32Array;
  /** What a row of each class stands for. */
  readonly weights: Float64Array;
  /** 0 or 1 per row: halves that share no group. */
  readonly halves: Uint8Array;
}

/** Ranges of values for the rank, and of how many of them one range for the held-out figure is made. */
const BINS = 1024;
const COARSE = 16;
/** Of a class with fewer rows some column is extreme by chance. */
const FEWEST = 20;

/** @param values one per row, NaN for null: a value of its own */
export function aloneOf(values: Float64Array, isCategory: boolean, sample: Sample): Alone {
  const bins = isCategory ? categoriesOf(values) : rangesOf(values);
  const coarse = isCategory || bins.count <= BINS / COARSE ? bins : coarser(bins);
  let best: Alone = { rank: null, heldOut: null, label: 0 };
  let most = -1;
  for (let label = 0; label < sample.classCount; label++) {
    if (sample.rowsOf[label]! < FEWEST) continue;
    const rank = isCategory ? null : directed(aucOf(countsOf(bins, sample, label, null)));
    const heldOut = heldOutOf(coarse, sample, label);
    const value = Math.max(rank ?? 0, heldOut ?? 0);
    if (value <= most) continue;
    most = value;
    best = { rank, heldOut, label };
  }
  return best;
}

interface Bins {
  /** Bin per row; in the order of the values where they have one, null first. */
  readonly of: Int32Array;
  readonly count: number;
}

function categoriesOf(values: Float64Array): Bins {
  const numbers = new Map<number, number>();
  const of = new Int32Array(values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    const known = numbers.get(value) ?? numbers.size;
    if (known === numbers.size) numbers.set(value, known);
    of[row] = known;
  }
  return { of, count: numbers.size };
}

/** Ranges that hold about as many rows each; single values where there are few. */
function rangesOf(values: Float64Array): Bins {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const edges: number[] = [];
  const step = Math.max(1, sorted.length / BINS);
  const distinct: number[] = [];
  for (let i = 0; i < sorted.length && distinct.length <= BINS; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) distinct.push(sorted[i]!);
  }
  if (distinct.length <= BINS) edges.push(...distinct);
  else {
    for (let at = 0; at < sorted.length; at += step) {
      const value = sorted[Math.floor(at)]!;
      if (edges.length === 0 || value > edges.at(-1)!) edges.push(value);
    }
  }
  const of = new Int32Array(values.length);
  for (let row = 0; row < values.length; row++) of[row] = Number.isNaN(values[row]) ? 0 : upTo(edges, values[row]!);
  return { of, count: edges.length + 1 };
}

/** How many edges are at or below the value. */
function upTo(edges: readonly number[], value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function coarser({ of, count }: Bins): Bins {
  // Null keeps a bin of its own.
  return {
    of: of.map((bin) => (bin === 0 ? 0 : 1 + Math.floor((bin - 1) / COARSE))),
    count: 2 + Math.floor(count / COARSE),
  };
}

interface Counts {
  readonly own: Float64Array;
  readonly others: Float64Array;
}

function countsOf(
  { of, count }: Bins,
  { labels, weights, halves }: Sample,
  label: number,
  half: number | null,
): Counts {
  const own = new Float64Array(count);
  const others = new Float64Array(count);
  for (let row = 0; row < of.length; row++) {
    if (half !== null && halves[row] !== half) continue;
    const weight = weights[labels[row]!]!;
    if (labels[row] === label) own[of[row]!]! += weight;
    else others[of[row]!]! += weight;
  }
  return { own, others };
}

/** The chance that a row of the class is in a later bin than another row, ties counting half; null unless both occur. */
function aucOf({ own, others }: Counts): number | null {
  let area = 0;
  let below = 0;
  let owns = 0;
  for (let bin = 0; bin < own.length; bin++) {
    area += own[bin]! * (below + others[bin]! / 2);
    below += others[bin]!;
    owns += own[bin]!;
  }
  return owns === 0 || below === 0 ? null : area / (owns * below);
}

function directed(auc: number | null): number | null {
  return auc === null ? null : Math.max(auc, 1 - auc);
}

function heldOutOf(bins: Bins, sample: Sample, label: number): number | null {
  const halves = [0, 1].map((half) => countsOf(bins, sample, label, half));
  const areas = halves.map((held, half) => {
    const { own, others } = halves[1 - half]!;
    const owns = own.reduce((sum, count) => sum + count, 0);
    const all = owns + others.reduce((sum, count) => sum + count, 0);
    if (owns === 0 || owns === all) return null;
    const share = own.map((count, bin) => (count + owns / all) / (count + others[bin]! + 1));
    const order = Array.from(share, (_, bin) => bin).sort((a, b) => share[a]! - share[b]!);
    return aucOfScores(held, share, order);
  });
  const known = areas.filter((area) => area !== null);
  return known.length === 0 ? null : known.reduce((sum, area) => sum + area, 0) / known.length;
}

/** As aucOf, of bins in the order of their scores; equal scores tie. */
function aucOfScores({ own, others }: Counts, scores: Float64Array, order: readonly number[]): number | null {
  const ranked: { own: number; others: number }[] = [];
  order.forEach((bin, i) => {
    if (i > 0 && scores[bin] === scores[order[i - 1]!]) {
      ranked.at(-1)!.own += own[bin]!;
      ranked.at(-1)!.others += others[bin]!;
    } else ranked.push({ own: own[bin]!, others: others[bin]! });
  });
  return aucOf({
    own: Float64Array.from(ranked, (bin) => bin.own),
    others: Float64Array.from(ranked, (bin) => bin.others),
  });
}
