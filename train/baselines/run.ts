/** The classifiers that every model has to beat, each on the folds on which the model itself was judged. */
import { Prng } from '../../core/prng.ts';
import { crossValidate } from '../cross-validate.ts';
import { GBDT } from '../gbdt/learner.ts';
import type { LabelledData } from '../labelled-rows.ts';
import { takeRows, toRowMajor } from '../matrix.ts';
import { fitMajority } from './forests.ts';
import { fitLogistic } from './logistic.ts';
import { fitNames } from './names.ts';
import { nearestClasses, SEQUENCE_WIDTH, sequenceInto } from './neighbours.ts';

export const BASELINES = {
  majority: 'majority: the shares of the classes, whatever the flow',
  portOnly: 'port only: boosted trees that read the responder’s port and nothing else',
  sniKeyword: 'SNI keyword: naive Bayes over the words of the server name',
  neighbours: 'k-nearest neighbours: sizes, directions and times of the first 32 messages',
  logistic: 'logistic regression: the model’s own inputs, added up',
} as const;
export type BaselineName = keyof typeof BASELINES;

/** What a baseline said of rows that it had not seen. */
export interface BaselineAnswer {
  readonly name: BaselineName;
  /** The rows that it was asked about, in rising order; empty where the tables lack what it reads. */
  readonly rows: Int32Array;
  /** Row-major [rows, classes], as long as all rows; zeros where it was not asked. */
  readonly probabilities: Float32Array;
  /** Why it was asked about some rows only, or none; '' if it was asked about all. */
  readonly because: string;
}

/** Logistic regression and neighbours take rows times rows or columns: more than these are drawn from evenly. */
const MOST_ROWS = 10_000;

export interface Folds {
  /** Fold per row; groups do not cross. */
  readonly folds: Int32Array;
  readonly foldCount: number;
}

export async function runBaselines(rows: LabelledData, folds: Folds, seed: number): Promise<BaselineAnswer[]> {
  return [
    await majority(rows, folds),
    await portOnly(rows, folds, seed),
    sniKeyword(rows, folds),
    neighbours(rows, folds),
    logistic(rows, folds, seed),
  ];
}

async function majority({ data }: LabelledData, { folds, foldCount }: Folds): Promise<BaselineAnswer> {
  const { probabilities } = await crossValidate(data, folds, foldCount, (train) => fitMajority(train));
  return { name: 'majority', rows: allRows(folds), probabilities, because: '' };
}

async function portOnly({ data, ports }: LabelledData, { folds, foldCount }: Folds, seed: number) {
  const only = { ...data, matrix: { rows: data.matrix.rows, names: ['dst_port'], columns: [ports] } };
  const { probabilities } = await crossValidate(only, folds, foldCount, (train, validation) =>
    GBDT.fit(train, validation, { ...GBDT.defaults, seed }),
  );
  return { name: 'portOnly', rows: allRows(folds), probabilities, because: '' } as const;
}

function sniKeyword({ data, context }: LabelledData, folds: Folds): BaselineAnswer {
  if (context === undefined || context.names.length < 2) return unasked('sniKeyword', 'no flow has a server name');
  const { snis, names } = context;
  const classes = data.classNames.length;
  const asked = allRows(folds.folds);
  const name = (row: number) => names[snis[row]!]!;
  const probabilities = byFold(asked, folds, classes, (train, held) => {
    const labels = train.map((row) => data.labels[row]!);
    return fitNames(Array.from(train, name), labels, classes).predict(Array.from(held, name));
  });
  return { name: 'sniKeyword', rows: asked, probabilities, because: '' };
}

function neighbours({ data, context }: LabelledData, folds: Folds): BaselineAnswer {
  if (context === undefined || context.notes.every(({ sizes }) => sizes.length === 0)) {
    return unasked('neighbours', 'the tables hold no sequences of messages (payload_sizes)');
  }
  const { notedRows, notes } = context;
  const place = new Map(Array.from(notedRows, (row, i) => [row, i]));
  const sequences = new Float32Array(notes.length * SEQUENCE_WIDTH);
  for (const [i, { sizes, timesUs }] of notes.entries()) sequenceInto(sizes, timesUs, sequences, i * SEQUENCE_WIDTH);
  const sequencesOf = (rows: Int32Array) => {
    const out = new Float32Array(rows.length * SEQUENCE_WIDTH);
    rows.forEach((row, i) => {
      const from = place.get(row)! * SEQUENCE_WIDTH;
      out.set(sequences.subarray(from, from + SEQUENCE_WIDTH), i * SEQUENCE_WIDTH);
    });
    return out;
  };
  const classes = data.classNames.length;
  const probabilities = byFold(notedRows, folds, classes, (train, held) => {
    const labels = train.map((row) => data.labels[row]!);
    return nearestClasses(sequencesOf(train), labels, classes, sequencesOf(held));
  });
  return { name: 'neighbours', rows: notedRows, probabilities, because: sampled(notedRows, data.labels.length) };
}

function logistic({ data }: LabelledData, folds: Folds, seed: number): BaselineAnswer {
  const all = allRows(folds.folds);
  const asked = all.length <= MOST_ROWS ? all : new Prng(seed).shuffle(all.slice()).slice(0, MOST_ROWS).sort();
  const classes = data.classNames.length;
  const probabilities = byFold(asked, folds, classes, (train, held) => {
    const { matrix } = takeRows(data, held);
    return fitLogistic(takeRows(data, train)).predict(toRowMajor(matrix), held.length);
  });
  return { name: 'logistic', rows: asked, probabilities, because: sampled(asked, all.length) };
}

function allRows(folds: Int32Array): Int32Array {
  return folds.map((_, row) => row);
}

function sampled(asked: Int32Array, all: number): string {
  return asked.length === all
    ? ''
    : `asked about ${asked.length} rows drawn evenly from ${all}, to bound what it costs`;
}

function unasked(name: BaselineName, because: string): BaselineAnswer {
  return { name, rows: new Int32Array(0), probabilities: new Float32Array(0), because };
}

/** Answers for the asked rows of each fold by what was learnt from the asked rows of the others. */
function byFold(
  asked: Int32Array,
  { folds, foldCount }: Folds,
  classes: number,
  answer: (train: Int32Array, held: Int32Array) => Float32Array,
): Float32Array {
  const out = new Float32Array(folds.length * classes);
  for (let fold = 0; fold < foldCount; fold++) {
    const held = asked.filter((row) => folds[row] === fold);
    const train = asked.filter((row) => folds[row] !== fold);
    if (held.length === 0 || train.length === 0) continue;
    const probabilities = answer(train, held);
    held.forEach((row, i) => {
      out.set(probabilities.subarray(i * classes, (i + 1) * classes), row * classes);
    });
  }
  return out;
}
