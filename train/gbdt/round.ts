/**
 * What is to be done in a round of boosting, as tasks that do not depend on each other: any thread can do any of them, in
 * any order, and the outcome is the same to the last bit.
 */
import { assertNever } from '../../core/errors.ts';
import { Prng } from '../../core/prng.ts';
import type { Bins } from './binning.ts';
import { TreeGrower } from './grower.ts';
import { differentiate } from './loss.ts';
import type { GbdtOptions } from './options.ts';
import { chunkCount, type RowSet, updateChunk } from './row-set.ts';
import { drawSome } from './sample.ts';
import { addTreeScores, type GrownTree } from './tree.ts';

export const Phase = {
  /** One task per chunk of rows, first those that are learnt from: probabilities and losses from the scores. */
  Probabilities: 0,
  /** One task per score: a tree from the probabilities, and the scores that it changes. */
  Trees: 1,
} as const;
export type Phase = (typeof Phase)[keyof typeof Phase];

/** Everything that the tasks read and write; arrays that are written are in shared memory. */
export interface Training {
  readonly settings: GbdtOptions;
  readonly bins: Bins;
  readonly classNames: readonly string[];
  /** Starting scores: one for two classes, else one per class. */
  readonly baseValues: Float32Array;
  readonly learnt: RowSet;
  readonly held: RowSet | null;
  /** Rows that this round learns from, ascending, and the others; null where it is all of them. */
  readonly sample: Uint32Array | null;
  readonly others: Uint32Array | null;
  /** One per score. */
  readonly trees: readonly GrownTree[];
}

export function taskCount({ learnt, held, trees }: Training, phase: Phase): number {
  switch (phase) {
    case Phase.Probabilities:
      return chunkCount(learnt) + (held === null ? 0 : chunkCount(held));
    case Phase.Trees:
      return trees.length;
    default:
      return assertNever(phase);
  }
}

/** Does tasks in the thread that it belongs to: holds the buffers that no other may touch. */
export class RoundWorker {
  readonly #training: Training;
  readonly #features: Uint32Array;
  /** Made for the first tree. */
  #growing: { readonly grower: TreeGrower; readonly gradients: Float32Array; readonly hessians: Float32Array } | null =
    null;

  constructor(training: Training) {
    this.#training = training;
    this.#features = cuttable(training);
  }

  run(phase: Phase, round: number, task: number): void {
    switch (phase) {
      case Phase.Probabilities:
        this.#update(task);
        break;
      case Phase.Trees:
        this.#grow(round, task);
        break;
      default:
        assertNever(phase);
    }
  }

  #update(task: number): void {
    const { learnt, held } = this.#training;
    const own = chunkCount(learnt);
    if (task < own) updateChunk(learnt, task);
    else updateChunk(held!, task - own);
  }

  #grow(round: number, score: number): void {
    const { settings, learnt, held, sample, others, trees } = this.#training;
    const { grower, gradients, hessians } = this.#buffers();
    const { labels, weights, probabilities, scores } = learnt;
    const target = probabilities.length === 1 ? 1 : score;
    differentiate(probabilities[score]!, labels, target, weights, gradients, hessians);
    // From seed, round and score alone, so that it does not matter which thread drew what before.
    const random = new Prng(`tree ${settings.seed} ${round} ${score}`);
    const drawn = drawSome(this.#features.length, settings.featureFraction, random).kept;
    const features = Array.from(drawn, (i) => this.#features[i]!);
    const tree = trees[score]!;
    grower.grow(gradients, hessians, sample, features, random.uint32(), tree, scores[score]!);
    if (others !== null) addTreeScores(tree, learnt.data, others, scores[score]!);
    if (held !== null) addTreeScores(tree, held.data, null, held.scores[score]!);
  }

  #buffers() {
    const { bins, settings, learnt } = this.#training;
    const { data } = learnt;
    this.#growing ??= {
      grower: new TreeGrower(data, bins, settings),
      gradients: new Float32Array(data.rows),
      hessians: new Float32Array(data.rows),
    };
    return this.#growing;
  }
}

/** Features with values in more than one bin, the missing one included: others cannot be cut anywhere. */
function cuttable({ bins, learnt }: Training): Uint32Array {
  const varies = (column: Uint8Array) => column.some((bin) => bin !== column[0]);
  return Uint32Array.from(
    [...bins.edges.keys()].filter(
      (feature) => bins.edges[feature]!.length > 0 || varies(learnt.data.columns[feature]!),
    ),
  );
}
