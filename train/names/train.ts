/** Trains the model of host names, and says how good it is on names that it has not seen. */
import { Prng } from '../../core/prng.ts';
import { countContexts, lettersOf, NameJudge, type NameModel } from '../../models/names/ngram.ts';
import { GENERATORS, type LabelGenerator, twoWords } from './generated.ts';

export interface NameCorpus {
  /** Registrable labels that people chose. */
  readonly labels: readonly string[];
  /** Words that more of them are composed of. */
  readonly words: readonly string[];
}

export interface NameFigures {
  /** Of chosen labels left out in turn, which no threshold was set on. */
  readonly chosen: number;
  readonly falsePositives: number;
  /** Area under the receiver operating characteristic of those against generated labels of the kinds learnt. */
  readonly auc: number;
  /** Share called generated of each kind, that kind left out of training. */
  readonly foundOfUnseen: ReadonlyMap<string, number>;
  /** Share called generated of two words in a row, which the model cannot tell. */
  readonly foundOfTwoWords: number;
}

const SEED = 'host names';
const FOLDS = 5;
/** Composed labels beside the real ones: more letters of everyday words than a thousand brands have. */
const COMPOSED = 6000;
const GENERATED_PER_KIND = 1500;
const ASKED_PER_KIND = 500;
/** Share of chosen labels that may be called generated where the threshold is set. */
const FALSE_POSITIVE_SHARE = 0.004;
const SIGNIFICANT = 4;

/** @returns the model with its held-out figures; the same for the same corpus */
export function trainNames(corpus: NameCorpus): { readonly model: NameModel; readonly figures: NameFigures } {
  const chosen = [...new Set(corpus.labels)].filter((label) => lettersOf(label) !== null);
  const fit = heldOutFit(chosen, corpus.words);
  const model = modelOf(chosen, corpus.words, Object.values(GENERATORS), fit);
  return { model, figures: figuresOf(chosen, corpus.words, fit) };
}

interface Fit {
  readonly slope: number;
  readonly offset: number;
  readonly threshold: number;
}

const NO_FIT: Fit = { slope: 1, offset: 0, threshold: 1 };

function modelOf(
  chosen: readonly string[],
  words: readonly string[],
  generators: readonly LabelGenerator[],
  fit: Fit,
): NameModel {
  const prng = new Prng(SEED);
  const composed = Array.from({ length: COMPOSED }, () => compose(words, prng));
  const generated = generators.flatMap((generate) => many(generate, GENERATED_PER_KIND, prng.fork('generated')));
  // A real name counts for as much as several composed ones.
  const real = chosen.flatMap((label) => [label, label, label]);
  return {
    version: 1,
    about: [],
    chosen: countContexts([...real, ...composed], 2),
    generated: countContexts(generated, 1),
    ...fit,
  };
}

/** One word, two, with a hyphen, a number or an abbreviation: how people compose names. */
function compose(words: readonly string[], prng: Prng): string {
  const first = prng.pick(words);
  if (prng.chance(0.15)) return first;
  if (prng.chance(0.1)) return first + prng.integer(1, 99);
  return first + (prng.chance(0.2) ? '-' : '') + prng.pick(words);
}

function many(generate: LabelGenerator, count: number, prng: Prng): string[] {
  return Array.from({ length: count }, () => generate(prng));
}

/** Each fold's names scored by a model that has not seen them: what the curve and the threshold are fitted on. */
function heldOutScores(chosen: readonly string[], words: readonly string[]): number[] {
  return foldsOf(chosen).flatMap(({ learnt, asked }) => {
    const judge = new NameJudge(modelOf(learnt, words, Object.values(GENERATORS), NO_FIT));
    return asked.map((label) => judge.score(label));
  });
}

function foldsOf(chosen: readonly string[]): { learnt: string[]; asked: string[] }[] {
  const order = new Prng(SEED).fork('folds').shuffle([...chosen]);
  return Array.from({ length: FOLDS }, (_, fold) => ({
    learnt: order.filter((_, i) => i % FOLDS !== fold),
    asked: order.filter((_, i) => i % FOLDS === fold),
  }));
}

function heldOutFit(chosen: readonly string[], words: readonly string[]): Fit {
  const negatives = heldOutScores(chosen, words);
  const judge = new NameJudge(modelOf(chosen, words, Object.values(GENERATORS), NO_FIT));
  const prng = new Prng(SEED).fork('curve');
  const positives = Object.values(GENERATORS).flatMap((generate) =>
    many(generate, ASKED_PER_KIND, prng).map((label) => judge.score(label)),
  );
  const { slope, offset } = logistic(positives, negatives);
  const sorted = negatives.toSorted((a, b) => b - a);
  const cut = sorted[Math.floor(sorted.length * FALSE_POSITIVE_SHARE)]!;
  return { slope, offset, threshold: rounded(1 / (1 + Math.exp(-(slope * cut + offset)))) };
}

/** Slope and offset of least log loss, both classes weighing the same (Newton's method, two unknowns). */
function logistic(positives: readonly number[], negatives: readonly number[]): { slope: number; offset: number } {
  let [slope, offset] = [0.1, 0];
  for (let round = 0; round < 50; round++) {
    const sums = { gs: 0, go: 0, ss: 1e-9, so: 0, oo: 1e-9 };
    for (const [scores, truth] of [
      [positives, 1],
      [negatives, 0],
    ] as const) {
      for (const score of scores) {
        const p = 1 / (1 + Math.exp(-(slope * score + offset)));
        const [error, curve] = [(p - truth) / scores.length, (p * (1 - p)) / scores.length];
        sums.gs += error * score;
        sums.go += error;
        sums.ss += curve * score * score;
        sums.so += curve * score;
        sums.oo += curve;
      }
    }
    const determinant = sums.ss * sums.oo - sums.so * sums.so;
    slope -= (sums.oo * sums.gs - sums.so * sums.go) / determinant;
    offset -= (sums.ss * sums.go - sums.so * sums.gs) / determinant;
  }
  return { slope: rounded(slope), offset: rounded(offset) };
}

/** The threshold of each fold comes from the others, so that the share of false positives is not the one it was set to. */
function figuresOf(chosen: readonly string[], words: readonly string[], fit: Fit): NameFigures {
  const negatives: number[] = [];
  let falsePositives = 0;
  for (const { learnt, asked } of foldsOf(chosen)) {
    const own = heldOutFit(learnt, words);
    const judge = new NameJudge(modelOf(learnt, words, Object.values(GENERATORS), own));
    falsePositives += asked.filter((label) => judge.probability(label) >= own.threshold).length;
    negatives.push(...asked.map((label) => judge.score(label)));
  }
  const found = new Map(Object.keys(GENERATORS).map((kind) => [kind, foundWithout(kind, chosen, words, fit)]));
  const prng = new Prng(SEED).fork('figures');
  const judge = new NameJudge(modelOf(chosen, words, Object.values(GENERATORS), fit));
  const share = (labels: readonly string[]) =>
    labels.filter((label) => judge.probability(label) >= fit.threshold).length / labels.length;
  const positives = Object.values(GENERATORS).flatMap((generate) => many(generate, ASKED_PER_KIND, prng));
  return {
    chosen: chosen.length,
    falsePositives,
    auc: areaUnder(
      positives.map((label) => judge.score(label)),
      negatives,
    ),
    foundOfUnseen: found,
    foundOfTwoWords: share(many(twoWords(words), ASKED_PER_KIND, prng)),
  };
}

function foundWithout(kind: string, chosen: readonly string[], words: readonly string[], fit: Fit): number {
  const others = Object.entries(GENERATORS).filter(([name]) => name !== kind);
  const judge = new NameJudge(
    modelOf(
      chosen,
      words,
      others.map(([, generate]) => generate),
      fit,
    ),
  );
  const labels = many(GENERATORS[kind]!, ASKED_PER_KIND, new Prng(SEED).fork(kind));
  return labels.filter((label) => judge.probability(label) >= fit.threshold).length / labels.length;
}

/** Share of pairs in which the positive scores higher (Mann and Whitney); ties count half. */
function areaUnder(positives: readonly number[], negatives: readonly number[]): number {
  let wins = 0;
  for (const positive of positives) {
    for (const negative of negatives) wins += positive > negative ? 1 : positive === negative ? 0.5 : 0;
  }
  return wins / (positives.length * negatives.length);
}

function rounded(value: number): number {
  return Number(value.toPrecision(SIGNIFICANT));
}
