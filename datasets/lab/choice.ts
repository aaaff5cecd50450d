/** Which dialogues and encapsulations a capture is drawn from: all there are, or those that are named. */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { CATALOGUE } from './dialogue/catalogue.ts';
import type { Label, Share } from './dialogue/message.ts';
import { ENCAPSULATIONS, type EncapsulationName } from './encapsulation/channel.ts';
import { EVASIONS } from './evasion/catalogue.ts';
import type { EvasionOptions } from './evasion/plan.ts';

/** Names, so that a choice can be handed to another thread. */
export interface Choice {
  /** All when left out. */
  readonly dialogues?: readonly string[];
  readonly encapsulations?: readonly string[];
}

/**
 * The dialogues of each label that are chosen, with their weights; of a label none perhaps.
 *
 * @throws FlowlampError OPTION_INVALID for a name that there is not
 */
export function chosenDialogues({ dialogues }: Choice): Readonly<Record<Label, readonly Share[]>> {
  requireKnown(
    'dialogue',
    dialogues,
    Object.values(CATALOGUE).flatMap((shares) => shares.map(({ value }) => value.name)),
  );
  const chosen = (label: Label) =>
    CATALOGUE[label].filter(({ value }) => dialogues === undefined || dialogues.includes(value.name));
  return { mining: chosen('mining'), other: chosen('other') };
}

/** @throws FlowlampError OPTION_INVALID for a name that there is not */
export function chosenEncapsulations({ encapsulations }: Choice): readonly {
  readonly weight: number;
  readonly value: EncapsulationName;
}[] {
  requireKnown(
    'encapsulation',
    encapsulations,
    ENCAPSULATIONS.map(({ value }) => value),
  );
  return ENCAPSULATIONS.filter(({ value }) => encapsulations === undefined || encapsulations.includes(value));
}

/** @throws FlowlampError OPTION_INVALID for a name that there is not */
export function checkEvasions({ names }: EvasionOptions): void {
  requireKnown(
    'evasion',
    names,
    EVASIONS.map(({ name }) => name),
  );
}

function requireKnown(what: string, names: readonly string[] | undefined, known: readonly string[]): void {
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown === undefined && names?.length !== 0) return;
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: unknown === undefined ? `no ${what} is chosen` : `there is no ${what} ${unknown}`,
    expected: `one of ${[...known].sort().join(', ')}`,
    action: `correct the ${what}, or leave it out for all of them`,
  });
}
