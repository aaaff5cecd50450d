/** The dialogues of each label. */
import type { Label, Share } from './message.ts';
import { MINING } from './mining/catalogue.ts';
import { ORDINARY } from './ordinary/catalogue.ts';

export const CATALOGUE: Readonly<Record<Label, readonly Share[]>> = { mining: MINING, other: ORDINARY };
