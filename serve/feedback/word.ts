/** What an analyst says of a verdict, and the label that it comes to. */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { UNKNOWN } from '../verdict.ts';

export interface FeedbackWord {
  /** The verdict is right, or wrong; instead of `label`. */
  readonly right?: boolean;
  /** What the flow is. */
  readonly label?: string;
  readonly note?: string;
  readonly analyst?: string;
}

/** What was judged, and by what. */
export interface JudgedCase {
  readonly verdict: string | null;
  /** The labels that the model has. */
  readonly labels: readonly string[];
}

/** @throws FlowlampError LABELS_UNUSABLE where a right or wrong does not say what the flow is */
export function labelOf({ right, label }: FeedbackWord, { verdict, labels }: JudgedCase): string {
  if (label !== undefined) return checkedLabel(label);
  const isVerdict = verdict !== null && verdict !== UNKNOWN;
  if (right === true && isVerdict) return verdict;
  const others = labels.filter((other) => other !== verdict);
  if (right === false && isVerdict && others.length === 1) return others[0]!;
  throw new FlowlampError(ErrorCode.LabelsUnusable, {
    happened: isVerdict ? 'that the verdict is wrong says not what is right' : 'the verdict on this flow is unknown',
    expected: `label, such as ${labels.slice(0, 8).join(' or ')}`,
    action: 'say what the flow is',
  });
}

function checkedLabel(label: string): string {
  if (label === label.trim() && label !== '' && plainLabel(label) !== UNKNOWN) return label;
  throw new FlowlampError(ErrorCode.LabelsUnusable, {
    happened: 'the label is blank, begins or ends with a blank, or is unknown',
    expected: 'the name of a class',
    action: 'say what the flow is, or nothing',
  });
}

/** What two spellings of one label have in common: training refuses labels that differ in less. */
export function plainLabel(label: string): string {
  return label.normalize('NFKC').trim().toLowerCase();
}

/** @throws FlowlampError LABELS_UNUSABLE for a label that differs from a known one in spelling alone */
export function refuseTwin(label: string, known: Iterable<string>): void {
  for (const other of known) {
    if (other === label || plainLabel(other) !== plainLabel(label)) continue;
    throw new FlowlampError(ErrorCode.LabelsUnusable, {
      happened: `the label "${label}" differs from "${other}" only in case, blanks or how characters are composed`,
      expected: 'one spelling for each class',
      action: `say ${other}`,
    });
  }
}
