/** `--class-weight`: what each class counts for. */
import { InvalidArgumentError } from 'commander';
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import type { ClassWeights } from '../train/class-weights.ts';

type Given = Extract<ClassWeights, string> | Readonly<Record<string, number>>;

/** One more `--class-weight` on top of those before it: `balanced`, `none`, or LABEL=WEIGHT. */
export function classWeight(text: string, before: Given | undefined): Given {
  if (text === 'balanced' || text === 'none') {
    if (before !== undefined) throw new InvalidArgumentError(`${text} stands alone.`);
    return text;
  }
  if (typeof before === 'string') throw new InvalidArgumentError(`${before} stands alone.`);
  // Labels may hold an equals sign, numbers do not.
  const at = text.lastIndexOf('=');
  const label = text.slice(0, Math.max(0, at));
  const weight = Number(text.slice(at + 1));
  if (label === '' || text.slice(at + 1).trim() === '' || !Number.isFinite(weight) || weight < 0) {
    throw new InvalidArgumentError('expected balanced, none, or LABEL=WEIGHT with a weight of 0 or more.');
  }
  if (before !== undefined && Object.hasOwn(before, label))
    throw new InvalidArgumentError(`${label} is weighed twice.`);
  return Object.fromEntries([...Object.entries(before ?? {}), [label, weight]]);
}

/** @throws FlowlampError OPTION_INVALID for a weight of a class that no flow has */
export function checkWeighedClasses(weights: ClassWeights | undefined, classNames: readonly string[]): void {
  if (typeof weights !== 'object' || Array.isArray(weights)) return;
  const stranger = Object.keys(weights).find((label) => !classNames.includes(label));
  if (stranger === undefined) return;
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `no flow is labelled ${stranger}`,
    expected: `one of ${classNames.join(', ')}`,
    action: 'correct --class-weight',
  });
}
