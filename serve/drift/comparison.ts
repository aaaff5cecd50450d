/** What was counted, held against the reference. */
import { type InputHistogram, stabilityIndex } from '../../models/reference.ts';
import type { BinCounts } from './bin-counts.ts';
import type { NamedHistogram } from './reference.ts';
import { Shift, shiftOf, whatMoved } from './words.ts';

export interface DriftOfInput {
  readonly input: string;
  readonly psi: number;
}

interface ComparedInput extends DriftOfInput {
  readonly reference: InputHistogram;
  readonly now: InputHistogram;
}

export interface Comparison {
  /** Those that moved most first. */
  readonly inputs: readonly DriftOfInput[];
  readonly facts: Readonly<Record<string, number>>;
  /** Members of a record, with so many inputs in words. */
  told(most: number, isOwnReference: boolean): Readonly<Record<string, unknown>>;
  sentence(model: string): string;
}

/** @param scorePsi null where there is nothing to compare scores with */
export function compare(references: readonly NamedHistogram[], counts: BinCounts, scorePsi: number | null): Comparison {
  const compared = references.flatMap(({ name, histogram }, h): ComparedInput | [] => {
    // Of a column that the rows do not have there is nothing to compare.
    const now = counts.shares(h);
    if (now === null) return [];
    return { input: name, psi: stabilityIndex(histogram, now), reference: histogram, now };
  });
  compared.sort((a, b) => b.psi - a.psi);
  const count = (shift: Shift) => compared.filter(({ psi }) => shiftOf(psi) === shift).length;
  const [moved, drifted] = [count(Shift.Moved), count(Shift.Drifted)];
  const numbers = { inputs_compared: compared.length, inputs_moved: moved, inputs_drifted: drifted };
  return {
    inputs: compared.map(({ input, psi }) => ({ input, psi })),
    facts: {
      ...numbers,
      ...(compared.length === 0 ? {} : { psi_max: compared[0]!.psi }),
      ...(scorePsi === null ? {} : { score_psi: scorePsi }),
    },
    told: (most, isOwnReference) => ({
      score: scorePsi === null ? null : scoreTold(scorePsi, isOwnReference),
      ...numbers,
      most: compared.slice(0, most).map(inputTold),
    }),
    sentence: (model) =>
      `Of ${compared.length} inputs of ${model}, ${drifted} drifted and ${moved} moved from where it learnt`,
  };
}

function scoreTold(psi: number, isOwnReference: boolean): object {
  const comparedWith = isOwnReference ? 'the first rows here' : 'the model card';
  return { psi: rounded(psi), shift: shiftOf(psi), compared_with: comparedWith };
}

function inputTold({ input, psi, reference, now }: ComparedInput): object {
  return { input, psi: rounded(psi), shift: shiftOf(psi), finding: whatMoved(reference, now) };
}

export function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
