/** Flows that a person should look at: of each class what it is surest of, what it misses and what it mistakes for it. */
import type { FlowNote } from '../row-context.ts';
import type { Judged } from './judged.ts';

export interface Example {
  /** The class that the example is about. */
  readonly label: string;
  readonly why: 'right' | 'missed' | 'mistaken';
  readonly truth: string;
  readonly predicted: string;
  /** Of the predicted class. */
  readonly probability: number;
  readonly flow: Omit<FlowNote, 'sizes' | 'timesUs'> & { readonly sizes: readonly number[] };
}

/** Classes with examples: a page with more is a catalogue. */
const MOST_CLASSES = 12;

/** The most certain of each kind among the noted rows, one each, class after class. */
export function examplesOf({ rows, probabilities, chosen }: Judged): Example[] {
  const { context, data } = rows;
  if (context === undefined) return [];
  const judged = new Set(chosen);
  const classes = data.classNames.length;
  const best = new Map<string, Example>();
  context.notedRows.forEach((row, i) => {
    if (!judged.has(row)) return;
    const scores = probabilities.subarray(row * classes, (row + 1) * classes);
    const predicted = scores.indexOf(Math.max(...scores));
    const truth = data.labels[row]!;
    const offer = (label: number, why: Example['why']) => {
      const key = `${label} ${why}`;
      const held = best.get(key);
      if (held !== undefined && held.probability >= scores[predicted]!) return;
      best.set(key, exampleOf(data.classNames, label, why, truth, predicted, scores[predicted]!, context.notes[i]!));
    };
    if (predicted === truth) offer(truth, 'right');
    else {
      offer(truth, 'missed');
      // Of two classes, what one misses is what is mistaken for the other.
      if (classes > 2) offer(predicted, 'mistaken');
    }
  });
  return data.classNames
    .slice(0, MOST_CLASSES)
    .flatMap((_, k) => ['right', 'missed', 'mistaken'].map((why) => best.get(`${k} ${why}`)))
    .filter((example) => example !== undefined);
}

function exampleOf(
  names: readonly string[],
  label: number,
  why: Example['why'],
  truth: number,
  predicted: number,
  probability: number,
  { timesUs: _, ...flow }: FlowNote,
): Example {
  return {
    label: names[label]!,
    why,
    truth: names[truth]!,
    predicted: names[predicted]!,
    probability,
    flow: { ...flow, sizes: Array.from(flow.sizes) },
  };
}
