/** What a service of a drawn format is for, and where that is played. */
import type { DialogueContext, Script } from '../message.ts';
import type { Voice } from './voice.ts';

/** A role adds to the script what happens once `ready` has been said. */
export interface Stage {
  readonly context: DialogueContext;
  readonly script: Script;
  readonly voice: Voice;
  readonly ready: number;
}

/** Draws its habits from the site's stream, then plays one session of them. */
export type Role = (stage: Stage) => void;
