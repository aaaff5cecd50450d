/** Exact contributions, where the model is a tree ensemble that says how many training rows met each node. */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { fillMissing } from '../../models/adapter.ts';
import { missingByPlace, tryForest } from '../../models/predictor.ts';
import { TreeExplainer } from '../../models/trees/shap.ts';
import type { Pair, Question } from './question.ts';

export interface ShapleyEffects {
  /** In log-odds, as are the values. */
  readonly base: number;
  /** By place of the model's row. */
  readonly values: Float64Array;
  /** base and all values together. */
  readonly logOdds: number;
}

/** Up to here the sums of trees and the probability that the model gave are the same but for rounding to float32. */
const SAME_PROBABILITY = 1e-4;

/** @returns the reason, in words that can stand at the start of a sentence, where the model cannot be taken apart */
export function shapleyOf(question: Question, pair: Pair): ShapleyEffects | { readonly none: string } {
  const { card, onnx, row, probabilities } = question;
  const forest = tryForest(onnx);
  if (forest === null) return { none: 'the model is no tree ensemble' };
  const explainer = explainerOf(forest);
  if ('none' in explainer) return explainer;
  const filled = card.adapter === null ? row : fillMissing(missingByPlace(card.adapter, card.inputs), row, 1);
  const { values, base } = explainer.explain(filled, 1);
  const found = differenceOf(values, base, explainer, pair);
  const odds = probabilities[pair.label]! / (probabilities[pair.label]! + probabilities[pair.against]!);
  if (Math.abs(1 / (1 + Math.exp(-found.logOdds)) - odds) < SAME_PROBABILITY) return found;
  return { none: 'the sums of its trees are not the log-odds of its probabilities' };
}

function explainerOf(
  forest: ConstructorParameters<typeof TreeExplainer>[0],
): TreeExplainer | { readonly none: string } {
  try {
    return new TreeExplainer(forest);
  } catch (cause) {
    if (cause instanceof FlowlampError && cause.code === ErrorCode.Unsupported) return { none: cause.happened };
    throw cause;
  }
}

/** Two classes have one score, the log-odds of the second; more have one each, whose difference is the log-odds. */
function differenceOf(
  values: Float64Array,
  base: Float64Array,
  { scoreCount, featureCount }: TreeExplainer,
  { label, against }: Pair,
): ShapleyEffects {
  const scoreOf = (k: number) => (scoreCount === 1 ? 0 : k);
  const weightOf = (k: number) => (scoreCount === 1 ? (k === 1 ? 0.5 : -0.5) : 1);
  const [at, than] = [scoreOf(label), scoreOf(against)];
  const [up, down] = [weightOf(label), weightOf(against)];
  const differences = Float64Array.from(
    { length: featureCount },
    (_, i) => up * values[at * featureCount + i]! - down * values[than * featureCount + i]!,
  );
  const start = up * base[at]! - down * base[than]!;
  return { base: start, values: differences, logOdds: differences.reduce((sum, value) => sum + value, start) };
}
