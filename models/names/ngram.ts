/**
 * Tells labels that programs made up from those that people chose, by their letters: a trigram model of chosen labels
 * against a bigram model of generated ones. Small enough to read: models/names/host-names.json holds the counts.
 *
 * A label c1..cn, between boundary marks, has the score sum over i of
 * ln P_generated(ci | ci-1) - ln P_chosen(ci | ci-2 ci-1), where P is Witten and Bell's interpolation (1991): the count
 * of a letter after its context, smoothed by the next shorter context in the share of the different letters seen there.
 * A logistic curve fitted on held-out names makes a probability of it.
 */

/** Letters after each context: `{ "qu": { "e": 12, "i": 7 } }`. */
export type ContextCounts = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface NameModel {
  /** Raised when the meaning of the counts changes. */
  readonly version: 1;
  /** How it was made, and how good it is, for people. */
  readonly about: readonly string[];
  readonly chosen: ContextCounts;
  readonly generated: ContextCounts;
  /** Probability of being generated = 1 / (1 + exp(-(slope * score + offset))). */
  readonly slope: number;
  readonly offset: number;
  /** Probability from which on a label is called generated. */
  readonly threshold: number;
}

export const NAME_MODEL_LIMITS = {
  /** Shorter labels are abbreviations as often as not. */
  shortest: 7,
  /** RFC 1035 2.3.4: the longest label. */
  longest: 63,
  /** Different letters: what a program draws has more. */
  letters: 4,
  /** Bytes of the file: ten times what it has. */
  fileBytes: 2 * 1024 * 1024,
} as const;

const BOUNDARY = '^';
const END = '$';
/** Letters, digits, hyphen and the end: what may follow. */
const SYMBOLS = 38;

interface Context {
  readonly counts: ReadonlyMap<string, number>;
  readonly total: number;
}

export class NameJudge {
  readonly #chosen: ReadonlyMap<string, Context>;
  readonly #generated: ReadonlyMap<string, Context>;
  readonly #model: NameModel;

  constructor(model: NameModel) {
    this.#model = model;
    this.#chosen = contextsOf(model.chosen);
    this.#generated = contextsOf(model.generated);
  }

  /** The probability at which a label is called generated. */
  get threshold(): number {
    return this.#model.threshold;
  }

  /** How much likelier generated than chosen the label is, natural logarithm; 0 for a label that is not judged. */
  score(label: string): number {
    const letters = lettersOf(label);
    if (letters === null) return 0;
    let score = 0;
    let before = BOUNDARY + BOUNDARY;
    for (const letter of letters + END) {
      score += Math.log(probability(this.#generated, before.slice(1), letter));
      score -= Math.log(probability(this.#chosen, before, letter));
      before = before.slice(1) + letter;
    }
    return score;
  }

  /** Probability in [0, 1] that a program made the label up; 0 for one that is not judged. */
  probability(label: string): number {
    if (lettersOf(label) === null) return 0;
    const { slope, offset } = this.#model;
    return 1 / (1 + Math.exp(-(slope * this.score(label) + offset)));
  }
}

/** The label as it is judged; null where it is too short, too long, internationalised or no label. */
export function lettersOf(label: string): string | null {
  const { shortest, longest } = NAME_MODEL_LIMITS;
  if (label.length < shortest || label.length > longest || label.startsWith('xn--')) return null;
  if (!/^[a-z0-9-]+$/.test(label)) return null;
  // `xxxxxxx` is a placeholder of somebody who had names to hide.
  return new Set(label).size < NAME_MODEL_LIMITS.letters ? null : label;
}

/** Counts of what follows each context of up to `order` letters. */
export function countContexts(labels: Iterable<string>, order: 1 | 2): ContextCounts {
  const counts: Record<string, Record<string, number>> = {};
  for (const label of labels) {
    const marked = BOUNDARY.repeat(order) + label + END;
    for (let at = order; at < marked.length; at++) {
      for (let length = 0; length <= order; length++) {
        const context = marked.slice(at - length, at);
        const after = counts[context] ?? {};
        after[marked[at]!] = (after[marked[at]!] ?? 0) + 1;
        counts[context] = after;
      }
    }
  }
  return counts;
}

function contextsOf(counts: ContextCounts): ReadonlyMap<string, Context> {
  return new Map(
    Object.entries(counts).map(([context, after]) => {
      const entries = Object.entries(after);
      return [context, { counts: new Map(entries), total: entries.reduce((sum, [, count]) => sum + count, 0) }];
    }),
  );
}

/** Witten-Bell: with t different letters seen in n, the context's own counts weigh n / (n + t). */
function probability(contexts: ReadonlyMap<string, Context>, context: string, letter: string): number {
  const shorter = context === '' ? 1 / SYMBOLS : probability(contexts, context.slice(1), letter);
  const known = contexts.get(context);
  if (known === undefined) return shorter;
  const kinds = known.counts.size;
  return ((known.counts.get(letter) ?? 0) + kinds * shorter) / (known.total + kinds);
}
