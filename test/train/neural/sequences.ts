/** Labelled matrices with sequences in them, as tables of flows give them. */
import { Prng } from '../../../core/prng.ts';
import type { ModelInput } from '../../../models/card.ts';
import { inputWidth, placeNames } from '../../../models/inputs.ts';
import type { LabelledMatrix } from '../../../train/matrix.ts';
import { POSITIONS, SEQUENCE_LISTS } from '../../../train/neural/sequences.ts';

const NUMBERS = ['duration_us', 'payload_ratio'];

export const SEQUENCE_INPUTS: readonly ModelInput[] = [
  ...NUMBERS.map((name) => ({ name, type: 'float64', revision: 1 })),
  ...Object.entries(SEQUENCE_LISTS).map(([name, list]) => ({ name, type: 'list_float64', revision: 1, list })),
];

/** Null, empty, or a list of numbers for each column of lists, by its name. */
export type Lists = Readonly<Record<string, readonly number[] | null>>;

/** One row for each of `lists`, every number column filled by `number`. */
export function sequenceMatrix(lists: readonly Lists[], number: (row: number) => number) {
  const rows = lists.length;
  const columns = SEQUENCE_INPUTS.flatMap((input) => {
    const { list } = input;
    if (list === undefined) return [Float32Array.from({ length: rows }, (_, row) => number(row))];
    return Array.from({ length: list.length }, (_, item) =>
      Float32Array.from(lists, (own) => own[input.name]?.[item] ?? Number.NaN),
    );
  });
  return { rows, names: placeNames(SEQUENCE_INPUTS), columns };
}

export const WIDTH = inputWidth(SEQUENCE_INPUTS);

/**
 * Flows whose class is an order of messages, not what messages there are: in `push`, a large message of the responder
 * follows each small one of the initiator; in `ask`, it comes before. Half have TLS records, some have no message at all.
 */
export function dialogues(seed: number, rows: number): LabelledMatrix {
  const random = new Prng(seed);
  const labels = Int32Array.from({ length: rows }, () => random.below(2));
  const lists = Array.from(labels, (label): Lists => {
    const length = random.chance(0.02) ? 0 : random.integer(8, POSITIONS);
    const sizes: number[] = [];
    while (sizes.length < length) {
      // A message of another kind now and then keeps both classes from being one rhythm.
      if (random.chance(0.3)) sizes.push(random.pick([700, -700]));
      else sizes.push(...(label === 1 ? [100, -1400, -30] : [-1400, 100, -30]));
    }
    const some = sizes.slice(0, length);
    const steps = some.map(() => random.logNormal(20_000, 1));
    const hasTls = random.chance(0.5);
    return {
      payload_sizes: some,
      payload_times_us: steps,
      tls_record_lengths: hasTls ? some.map((size) => size - Math.sign(size) * 5) : null,
      tls_record_types: hasTls ? some.map((_, i) => (i < 2 ? 22 : 23)) : null,
      tls_record_times_us: hasTls ? steps : null,
    };
  });
  return { matrix: sequenceMatrix(lists, () => random.normal()), labels, classNames: ['ask', 'push'] };
}
