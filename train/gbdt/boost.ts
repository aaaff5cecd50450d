import { Prng } from '../../core/prng.ts';
import { type Forest, ForestBuilder, Link } from '../../models/trees/forest.ts';
import { type ClassWeights, classTotals, rowWeights } from '../class-weights.ts';
import { type FittedForest, forestModel } from '../forest-model.ts';
import type { FitProgress } from '../learner.ts';
import { checkLabelled, type LabelledMatrix, takeRows } from '../matrix.ts';
import { checkRanges } from '../option-ranges.ts';
import { fitBins, MAX_BINS } from './binning.ts';
import { Crew } from './crew.ts';
import { GBDT_DEFAULTS, type GbdtOptions } from './options.ts';
import { Phase, type Training } from './round.ts';
import { createRowSet, meanLoss } from './row-set.ts';
import { drawnCount, drawSome } from './sample.ts';
import { sharedUint32 } from './shared.ts';
import { chosenThreads } from './threads.ts';
import { appendTree, createTree } from './tree.ts';

/** The least lowering of the loss that counts as progress: smaller ones are noise of the float32 sums. */
const PROGRESS = 1e-7;

/**
 * Histogram gradient boosting with softmax (one tree per class and round) or, for two classes, logistic loss (one tree
 * per round). Equal data, options and seed give an equal forest, whatever the number of threads.
 *
 * @param train [rows, features], NaN for missing; rows of weight 0 count as absent
 * @param validation rows for early stopping; must not share groups with the training rows
 * @throws FlowlampError LABELS_UNUSABLE for data that cannot be learnt from, OPTION_INVALID for options out of range
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
  const training = createTraining(weighty(train, settings.classWeights), validation, settings);
  const { matrix } = train;
  const threads = settings.threads ?? chosenThreads(matrix.rows, matrix.columns.length, training.trees.length);
  const crew = new Crew(training, threads);
  try {
    return boost(training, crew, onProgress);
  } finally {
    crew.close();
  }
}

/** The rows that weigh anything, with their weights. */
function weighty(train: LabelledMatrix, classWeights: ClassWeights): LabelledMatrix {
  const weights = rowWeights(train, classWeights);
  if (weights === null) return train;
  const weighted = { ...train, weights };
  if (!weights.includes(0)) return weighted;
  const kept = takeRows(
    weighted,
    [...weights.keys()].filter((row) => weights[row]! > 0),
  );
  checkLabelled(kept);
  return kept;
}

function createTraining(train: LabelledMatrix, validation: LabelledMatrix | null, settings: GbdtOptions): Training {
  const { matrix, labels, classNames, weights = null } = train;
  const { rowFraction, maxLeaves } = settings;
  const bins = fitBins(matrix, settings.maxBins, settings.seed);
  const baseValues = startingScores(labels, weights, classNames.length);
  const sampled = drawnCount(matrix.rows, rowFraction);
  return {
    settings,
    bins,
    classNames,
    baseValues,
    learnt: createRowSet(train, weights, bins, baseValues),
    held: validation && createRowSet(validation, validation.weights ?? null, bins, baseValues),
    sample: sampled < matrix.rows ? sharedUint32(sampled) : null,
    others: sampled < matrix.rows ? sharedUint32(matrix.rows - sampled) : null,
    trees: Array.from(baseValues, () => createTree(maxLeaves)),
  };
}

function boost(training: Training, crew: Crew, onProgress?: (progress: FitProgress) => void): FittedForest {
  const { settings, bins, classNames, baseValues, learnt, held, trees } = training;
  const { rounds, patience } = settings;
  const builder = new ForestBuilder();
  const validationLoss: number[] = [];
  const trainingLoss: number[] = [];
  crew.run(Phase.Probabilities, 0);
  let best = { round: 0, loss: held === null ? Number.POSITIVE_INFINITY : meanLoss(held) };
  for (let round = 1; round <= rounds; round++) {
    drawRows(training, round);
    crew.run(Phase.Trees, round);
    trees.forEach((tree, score) => {
      appendTree(tree, bins, score, builder);
    });
    crew.run(Phase.Probabilities, round);
    trainingLoss.push(meanLoss(learnt));
    if (held !== null) validationLoss.push(meanLoss(held));
    const loss = held === null ? Number.NEGATIVE_INFINITY : validationLoss.at(-1)!;
    if (held === null || loss < best.loss - PROGRESS) best = { round, loss };
    onProgress?.({ round, rounds, trainingLoss: trainingLoss.at(-1)!, validationLoss: validationLoss.at(-1) ?? null });
    const stalled = held !== null && patience > 0 && round - best.round >= patience;
    if (stalled || cannotGrow(training)) break;
  }
  const link = classNames.length === 2 ? Link.Logistic : Link.Softmax;
  const head = { featureCount: bins.edges.length, classNames, link, baseValues };
  return forestModel(finish(builder, head, best.round, learnt.data.rows), {
    rounds: best.round,
    trainingLoss,
    validationLoss,
  });
}

/** The rows of a round, by seed and round alone. */
function drawRows({ settings, learnt, sample, others }: Training, round: number): void {
  if (sample === null || others === null) return;
  const random = new Prng(`rows ${settings.seed} ${round}`);
  const { kept, left } = drawSome(learnt.data.rows, settings.rowFraction, random);
  sample.set(kept);
  others.set(left);
}

/** No tree has a cut, and no other rows or features will be drawn. */
function cannotGrow({ settings, sample, trees }: Training): boolean {
  return sample === null && settings.featureFraction === 1 && trees.every(({ count }) => count[0] === 1);
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
  learntRows: number,
): Forest {
  if (rounds > 0) return builder.build(head, rounds * head.baseValues.length);
  const constant = new ForestBuilder();
  constant.setCover(constant.addLeaf(0), learntRows);
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
  if (options.threads !== undefined) checkRanges({ threads: options.threads }, [['threads', 1, 256, true]]);
  return options;
}
