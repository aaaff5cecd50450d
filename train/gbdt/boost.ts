import { Prng } from '../../core/prng.ts';
import { type Forest, ForestBuilder, Link } from '../../models/trees/forest.ts';
import { type ClassWeights, classTotals, rowWeights } from '../class-weights.ts';
import { type FittedForest, forestModel } from '../forest-model.ts';
import type { FitJournal, FitProgress } from '../learner.ts';
import { checkLabelled, type LabelledMatrix, takeRows } from '../matrix.ts';
import { checkRanges } from '../option-ranges.ts';
import { fitBins, MAX_BINS } from './binning.ts';
import { breathe, Crew, LostThread } from './crew.ts';
import { GBDT_DEFAULTS, type GbdtOptions } from './options.ts';
import { Phase, type Training } from './round.ts';
import { decodeRound, encodeRound, type RoundLosses } from './round-notes.ts';
import { createRowSet, meanLoss } from './row-set.ts';
import { drawnCount, drawSome } from './sample.ts';
import { sharedUint32 } from './shared.ts';
import { chosenThreads } from './threads.ts';
import { addTreeScores, appendTree, createTree } from './tree.ts';

/** The least lowering of the loss that counts as progress: smaller ones are noise of the float32 sums. */
const PROGRESS = 1e-7;

/**
 * Histogram gradient boosting with softmax (one tree per class and round) or, for two classes, logistic loss (one tree
 * per round). Equal data, options and seed give an equal forest, whatever the number of threads, and however often it was
 * stopped and gone on with.
 *
 * @param train [rows, features], NaN for missing; rows of weight 0 count as absent
 * @param validation rows for early stopping; must not share groups with the training rows
 * @param journal gets an entry per round
 * @throws FlowlampError LABELS_UNUSABLE for data that cannot be learnt from, OPTION_INVALID for options out of range
 */
export async function fitGbdt(
  train: LabelledMatrix,
  validation: LabelledMatrix | null,
  options: Partial<GbdtOptions> = {},
  onProgress?: (progress: FitProgress) => void,
  journal?: FitJournal,
): Promise<FittedForest> {
  const settings = checkOptions({ ...GBDT_DEFAULTS, ...options });
  checkLabelled(train);
  if (validation !== null) checkLabelled(validation);
  const weighed = weighty(train, settings.classWeights);
  const { matrix } = weighed;
  const scores = train.classNames.length === 2 ? 1 : train.classNames.length;
  const threads = settings.threads ?? chosenThreads(matrix.rows, matrix.columns.length, scores);
  const noted = [...(journal?.entries ?? [])];
  const keep: FitJournal = {
    entries: noted,
    note(entry) {
      noted.push(entry);
      journal?.note(entry);
    },
  };
  const attempt = async (crewSize: number) => {
    const training = createTraining(weighed, validation, settings);
    const crew = new Crew(training, crewSize);
    try {
      return await boost(training, crew, keep, onProgress);
    } finally {
      crew.close();
    }
  };
  try {
    return await attempt(threads);
  } catch (error) {
    if (!(error instanceof LostThread)) throw error;
    // What the lost thread was writing is half done; the rounds before are not, and what follows needs no other thread.
    return attempt(1);
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

async function boost(
  training: Training,
  crew: Crew,
  journal: FitJournal,
  onProgress?: (progress: FitProgress) => void,
): Promise<FittedForest> {
  const { settings, learnt, held, trees } = training;
  const { rounds } = settings;
  await crew.run(Phase.Probabilities, 0);
  const course = new Course(training);
  for (const entry of journal.entries) course.take(decodeRound(entry, trees));
  if (course.round > 0 && !course.isOver) {
    for (const entry of journal.entries) addScores(training, entry);
    await crew.run(Phase.Probabilities, course.round);
  }
  while (!course.isOver) {
    const round = course.round + 1;
    drawRows(training, round);
    await crew.run(Phase.Trees, round);
    await crew.run(Phase.Probabilities, round);
    const losses = { trainingLoss: meanLoss(learnt), validationLoss: held === null ? null : meanLoss(held) };
    course.take(losses);
    journal.note(encodeRound(trees, losses));
    onProgress?.({ round, rounds, ...losses });
    await breathe();
  }
  return course.finish();
}

/** Adds the trees of a noted round to all scores, in the order in which they were grown. */
function addScores({ learnt, held, trees }: Training, entry: Uint8Array): void {
  decodeRound(entry, trees);
  trees.forEach((tree, score) => {
    addTreeScores(tree, learnt.data, null, learnt.scores[score]!);
    if (held !== null) addTreeScores(tree, held.data, null, held.scores[score]!);
  });
}

/** The rounds so far, and whether there will be more: decided alike of a round that was grown and of one that was noted. */
class Course {
  readonly #training: Training;
  readonly #builder = new ForestBuilder();
  readonly #trainingLoss: number[] = [];
  readonly #validationLoss: number[] = [];
  #best: { readonly round: number; readonly loss: number };
  #isStuck = false;

  /** @param training its losses are those of the starting scores */
  constructor(training: Training) {
    this.#training = training;
    this.#best = { round: 0, loss: training.held === null ? Number.POSITIVE_INFINITY : meanLoss(training.held) };
  }

  get round(): number {
    return this.#trainingLoss.length;
  }

  get isOver(): boolean {
    const { held, settings } = this.#training;
    const { rounds, patience } = settings;
    const isStalled = held !== null && patience > 0 && this.round - this.#best.round >= patience;
    return this.round >= rounds || isStalled || this.#isStuck;
  }

  /** The training's trees are those of the next round. */
  take({ trainingLoss, validationLoss }: RoundLosses): void {
    const { trees, bins } = this.#training;
    trees.forEach((tree, score) => {
      appendTree(tree, bins, score, this.#builder);
    });
    this.#trainingLoss.push(trainingLoss);
    if (validationLoss !== null) this.#validationLoss.push(validationLoss);
    const loss = validationLoss ?? Number.NEGATIVE_INFINITY;
    if (validationLoss === null || loss < this.#best.loss - PROGRESS) this.#best = { round: this.round, loss };
    this.#isStuck = cannotGrow(this.#training);
  }

  finish(): FittedForest {
    const { bins, classNames, baseValues, learnt } = this.#training;
    const link = classNames.length === 2 ? Link.Logistic : Link.Softmax;
    const head = { featureCount: bins.edges.length, classNames, link, baseValues };
    const { round: rounds } = this.#best;
    const forest = finish(this.#builder, head, rounds, learnt.data.rows);
    return forestModel(forest, { rounds, trainingLoss: this.#trainingLoss, validationLoss: this.#validationLoss });
  }
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
