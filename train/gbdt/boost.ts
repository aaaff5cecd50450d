import { Prng } from '../../core/prng.ts';
import { type Forest, ForestBuilder, Link } from '../../models/trees/forest.ts';
import { classTotals, rowWeights } from '../class-weights.ts';
import { type FittedForest, forestModel } from '../forest-model.ts';
import type { FitProgress } from '../learner.ts';
import { checkLabelled, type LabelledMatrix } from '../matrix.ts';
import { checkRanges } from '../option-ranges.ts';
import { applyBins, type BinnedMatrix, fitBins, MAX_BINS } from './binning.ts';
import { TreeGrower } from './grower.ts';
import { differentiate, meanLogLoss, toProbabilities } from './loss.ts';
import { GBDT_DEFAULTS, type GbdtOptions } from './options.ts';

/** The least lowering of the loss that counts as progress: smaller ones are noise of the float32 sums. */
const PROGRESS = 1e-7;

/**
 * Histogram gradient boosting with softmax (one tree per class and round) or, for two classes, logistic loss (one tree
 * per round). Equal data, options and seed give an equal forest.
 *
 * @param validation rows for early stopping; must not share groups with the training rows
 */
export function fitGbdt(
  train: LabelledMatrix,
  validation: LabelledMatrix | null,
  options: Partial<GbdtOptions> = {},
  onProgress?: (progress: FitProgress) => void,
): FittedForest {
  const settings = checkOptions({ ...GBDT_DEFAULTS, ...options });
  checkLabelled(train);
  if (validation !== null) checkLabelled(validation);
  const { classNames } = train;
  const random = new Prng(settings.seed);
  const bins = fitBins(train.matrix, settings.maxBins, settings.seed);
  const weights = rowWeights(train, settings.classWeights);
  const learnt = new Scores(applyBins(bins, train.matrix), train.labels, weights, classNames.length);
  const held =
    validation &&
    new Scores(applyBins(bins, validation.matrix), validation.labels, validation.weights ?? null, classNames.length);
  const baseValues = startingScores(train.labels, weights, classNames.length);
  learnt.start(baseValues);
  held?.start(baseValues);
  const grower = new TreeGrower(learnt.data, bins, settings, random.uint32());
  const builder = new ForestBuilder();
  const validationLoss: number[] = [];
  const trainingLoss: number[] = [];
  let best = { round: 0, loss: held?.loss() ?? Number.POSITIVE_INFINITY };
  for (let round = 1; round <= settings.rounds; round++) {
    const grew = growRound(learnt, held, grower, builder, settings, random);
    trainingLoss.push(learnt.loss());
    if (held !== null) {
      const loss = held.loss();
      validationLoss.push(loss);
      if (loss < best.loss - PROGRESS) best = { round, loss };
    } else best = { round, loss: learnt.lastLoss };
    onProgress?.({
      round,
      rounds: settings.rounds,
      trainingLoss: learnt.lastLoss,
      validationLoss: validationLoss.at(-1) ?? null,
    });
    const stalled = held !== null && settings.patience > 0 && round - best.round >= settings.patience;
    if (stalled || !grew) break;
  }
  const link = classNames.length === 2 ? Link.Logistic : Link.Softmax;
  const head = { featureCount: train.matrix.names.length, classNames, link, baseValues };
  return forestModel(finish(builder, head, best.round), { rounds: best.round, trainingLoss, validationLoss });
}

/** One tree per score, from the gradients at the start of the round. */
function growRound(
  learnt: Scores,
  held: Scores | null,
  grower: TreeGrower,
  builder: ForestBuilder,
  settings: GbdtOptions,
  random: Prng,
): boolean {
  const { rows, featureCount } = learnt.data;
  const { kept: sample, left: others } = draw(rows, settings.rowFraction, random);
  let grew = false;
  for (let score = 0; score < learnt.values.length; score++) {
    const features = Array.from(draw(featureCount, settings.featureFraction, random).kept);
    learnt.differentiate(score);
    const { gradients, hessians, values } = learnt;
    grew = grower.grow(gradients, hessians, sample, features, builder, values[score]!) || grew;
    builder.endTree(score);
    if (others.length > 0) grower.addScores(learnt.data, others, values[score]!);
    if (held !== null) grower.addScores(held.data, null, held.values[score]!);
  }
  return grew;
}

/** Scores, probabilities and derivatives of one set of rows, class-major. */
class Scores {
  readonly data: BinnedMatrix;
  /** values[k][row]: one list for two classes, else one per class. */
  readonly values: readonly Float32Array[];
  readonly gradients: Float32Array;
  readonly hessians: Float32Array;
  lastLoss = 0;
  readonly #labels: Int32Array;
  readonly #weights: Float32Array | null;
  readonly #probabilities: readonly Float32Array[];

  constructor(data: BinnedMatrix, labels: Int32Array, weights: Float32Array | null, classes: number) {
    const scores = classes === 2 ? 1 : classes;
    const make = () => Array.from({ length: scores }, () => new Float32Array(data.rows));
    this.data = data;
    this.values = make();
    this.#probabilities = make();
    this.gradients = new Float32Array(data.rows);
    this.hessians = new Float32Array(data.rows);
    this.#labels = labels;
    this.#weights = weights;
  }

  start(baseValues: Float32Array): void {
    for (let k = 0; k < this.values.length; k++) this.values[k]!.fill(baseValues[k]!);
    toProbabilities(this.values, this.#probabilities);
  }

  /** Brings the probabilities up to date and returns the mean log loss. */
  loss(): number {
    toProbabilities(this.values, this.#probabilities);
    this.lastLoss = meanLogLoss(this.#probabilities, this.#labels, this.#weights);
    return this.lastLoss;
  }

  differentiate(score: number): void {
    const target = this.values.length === 1 ? 1 : score;
    differentiate(this.#probabilities[score]!, this.#labels, target, this.#weights, this.gradients, this.hessians);
  }
}

/** `fraction` of 0 .. count-1, ascending, at least one (selection sampling, Knuth, TAOCP 2, 3.4.2, algorithm S). */
function draw(count: number, fraction: number, random: Prng): { kept: Uint32Array; left: Uint32Array } {
  const wanted = Math.max(1, Math.round(count * fraction));
  const kept = new Uint32Array(wanted);
  const left = new Uint32Array(count - wanted);
  if (wanted === count) return { kept: kept.map((_, i) => i), left };
  let taken = 0;
  for (let i = 0; i < count; i++) {
    if ((count - i) * random.float() < wanted - taken) kept[taken++] = i;
    else left[i - taken] = i;
  }
  return { kept, left };
}

/** Log of the class shares, or their log odds; a class without rows is given a millionth. */
export function startingScores(labels: Int32Array, weights: Float32Array | null, classes: number): Float32Array {
  const totals = classTotals(labels, weights, classes);
  const all = totals.reduce((a, b) => a + b, 0) || 1;
  const logs = totals.map((total) => Math.log(Math.max(total / all, 1e-6)));
  return classes === 2 ? Float32Array.of(logs[1]! - logs[0]!) : Float32Array.from(logs);
}

/** The first rounds; a model that learnt nothing is one leaf of 0 over the class shares. */
function finish(
  builder: ForestBuilder,
  head: Pick<Forest, 'featureCount' | 'classNames' | 'link' | 'baseValues'>,
  rounds: number,
): Forest {
  if (rounds > 0) return builder.build(head, rounds * head.baseValues.length);
  const constant = new ForestBuilder();
  constant.addLeaf(0);
  constant.endTree(0);
  return constant.build(head);
}

function checkOptions(options: GbdtOptions): GbdtOptions {
  checkRanges(options, [
    ['rounds', 1, 10_000, true],
    ['learningRate', 1e-6, 10, false],
    ['maxLeaves', 2, 4096, true],
    ['maxDepth', 0, 1000, true],
    ['minRowsPerLeaf', 1, 1e9, true],
    ['minChildWeight', 0, 1e9, false],
    ['l1', 0, 1e9, false],
    ['l2', 0, 1e9, false],
    ['rowFraction', 1e-6, 1, false],
    ['featureFraction', 1e-6, 1, false],
    ['maxBins', 2, MAX_BINS, true],
    ['patience', 0, 10_000, true],
  ]);
  return options;
}
