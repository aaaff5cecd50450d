/** Learners refuse numbers that they cannot work with, before they start. */
import { ErrorCode, FlowlampError } from '../core/errors.ts';

/** Name, least and greatest value, and whether it must be whole. */
export type OptionRange<Options> = readonly [name: keyof Options & string, low: number, high: number, whole: boolean];

/** @throws FlowlampError OPTION_INVALID for the first option out of its range */
export function checkRanges<Options extends object>(options: Options, ranges: readonly OptionRange<Options>[]): void {
  for (const [name, low, high, whole] of ranges) {
    const value: unknown = options[name];
    if (typeof value !== 'number' || !(value >= low && value <= high) || (whole && !Number.isInteger(value))) {
      throw badOption(name, String(value), `${whole ? 'a whole number' : 'a number'} from ${low} to ${high}`);
    }
  }
}

export function badOption(name: string, found: string, expected: string): FlowlampError {
  return new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `${name} is ${found}`,
    expected,
    action: 'change the option',
  });
}
