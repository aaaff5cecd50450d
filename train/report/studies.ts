/** What a report asks beyond the plain figures, for a model that was just trained and for one that is only judged. */
import { foldsByGroup } from '../../datasets/split.ts';
import type { JsonObject, ModelCard } from '../../models/card.ts';
import { runBaselines } from '../baselines/run.ts';
import type { LabelledData } from '../labelled-rows.ts';
import { type LabelledMatrix, toRowMajor } from '../matrix.ts';
import { runAblations } from '../study/ablations.ts';
import { compareBaselines } from '../study/compare.ts';
import { permutationImportance } from '../study/importance.ts';
import { type Judged, judgedRows, sliceOf } from '../study/judged.ts';
import { leaveClassesOut, rejectStrangers } from '../study/left-out.ts';
import { studySample } from '../study/refit.ts';
import type { TrainedModel } from '../train-model.ts';
import { FEW_GROUPS } from '../warnings.ts';
import { type Assessment, assess, type Circumstances, measureCost } from './assessment.ts';

/** What neither the model nor its rows know. */
export type Given = Pick<Circumstances, 'groupBy' | 'leftOut' | 'made' | 'audit' | 'seed'> & {
  /** Leaves out what takes further trainings or many predictions: ablations, unknown classes, importance. */
  readonly quick: boolean;
  readonly onStep?: (what: string) => void;
};

/** Null where nothing could be held out: there is nothing to report then. */
export async function assessTraining(
  rows: LabelledData,
  trained: TrainedModel,
  given: Given,
): Promise<Assessment | null> {
  const { held, final, card, warnings } = trained;
  if (held === null) return null;
  const { judged, models, baselines, refit } = held;
  const { quick, onStep, ...rest } = given;
  const chosen = studySample(judged.chosen, given.seed);
  const say = (what: string) => (name: string) => onStep?.(`${what}: ${name}`);
  const heldModels = models.map(({ fitted, rows: own }) => ({ rows: own, predict: fitted.predict.bind(fitted) }));
  return assess(card, judged, {
    ...rest,
    kind: 'training',
    seenInTraining: [],
    baselines,
    warnings,
    search: trained.search,
    repeats: trained.repeats,
    ablations: quick ? null : await runAblations(rows, chosen, held, refit, given.seed, say('training')),
    unknowns: quick ? null : await leaveClassesOut(rows, chosen, held, refit, say('leaving out')),
    importance: quick
      ? null
      : await permutationImportance(rows, heldModels, chosen, given.seed, (done, all) =>
          onStep?.(`importance of inputs: ${done} of ${all}`),
        ),
    cost: await costOf(rows, chosen, trained.onnx.length, final.predict.bind(final)),
  });
}

/** How many parts the judged rows are cut into for baselines, which have nothing else to learn from. */
const FOLDS = 5;

/** @param predict the model that is judged; `probabilities` are its own, one row for each of `rows` */
export async function assessEvaluation(
  card: ModelCard,
  rows: LabelledData,
  probabilities: Float32Array,
  predict: (rows: Float32Array, count: number) => Promise<Float32Array>,
  given: Given &
    Pick<Circumstances, 'seenInTraining'> & {
      readonly modelBytes: number;
      /** Rows of classes that the model does not have; null without any. */
      readonly strangers: LabelledMatrix | null;
    },
): Promise<Assessment> {
  const { quick, onStep, modelBytes, strangers, ...rest } = given;
  const judged = judgedRows(rows, probabilities);
  const { data, groups, groupNames } = rows;
  const foldCount = Math.min(FOLDS, groupNames.length);
  const folds = foldsByGroup(groups, groupNames.length, data.labels, data.classNames.length, foldCount, given.seed);
  const chosen = studySample(judged.chosen, given.seed);
  onStep?.('baselines');
  const answers = foldCount < 2 ? [] : await runBaselines(rows, { folds, foldCount }, given.seed);
  return assess(card, judged, {
    ...rest,
    kind: 'evaluation',
    baselines: compareBaselines(judged, answers, given.seed),
    warnings:
      groupNames.length < FEW_GROUPS
        ? [`Only ${groupNames.length} groups (${given.groupBy}) stand behind the figures: intervals are too narrow.`]
        : [],
    search: null,
    repeats: null,
    ablations: null,
    unknowns: strangers === null ? null : await strangersTo(judged, strangers, predict),
    importance: quick
      ? null
      : await permutationImportance(rows, [{ rows: judged.chosen, predict }], chosen, given.seed, (done, all) =>
          onStep?.(`importance of inputs: ${done} of ${all}`),
        ),
    cost: await costOf(rows, chosen, modelBytes, predict),
  });
}

async function strangersTo(
  judged: Judged,
  { matrix, labels, classNames }: LabelledMatrix,
  predict: (rows: Float32Array, count: number) => Promise<Float32Array>,
) {
  const known = sliceOf(judged, judged.chosen);
  const probabilities = await predict(toRowMajor(matrix), matrix.rows);
  return rejectStrangers(known.probabilities, probabilities, known.classNames.length, labels, classNames);
}

function costOf(
  { data }: LabelledData,
  chosen: Int32Array,
  modelBytes: number,
  predict: (rows: Float32Array, count: number) => Float32Array | Promise<Float32Array>,
) {
  const some = chosen.slice(0, 1024);
  const width = data.matrix.names.length;
  const columns = data.matrix.columns.map((column) => Float32Array.from(some, (row) => column[row]!));
  const rowMajor = toRowMajor({ ...data.matrix, rows: some.length, columns });
  return measureCost(predict, rowMajor, width, modelBytes);
}

/** How many inputs' importances a card tells. */
const CARD_INPUTS = 30;

/** What of an assessment a card keeps: figures, not pictures. */
export function cardFigures(assessment: Assessment): JsonObject {
  const { intervals, classes, unknowns, ablations, importance, prefixes, data } = assessment;
  const figures = {
    intervals,
    falseAlarms: Object.fromEntries(classes.map(({ label, claims }) => [label, claims])),
    unknowns,
    ablations,
    prefixes,
    importance: importance && {
      rows: importance.rows,
      groups: importance.groups,
      inputs: importance.inputs.slice(0, CARD_INPUTS),
    },
    observed: { fromUs: data.fromUs, toUs: data.toUs },
  };
  return JSON.parse(JSON.stringify(figures)) as JsonObject;
}
