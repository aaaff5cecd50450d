/** How a client of a drawn format makes itself known: one to four exchanges, some of them in one direction only. */
import type { Prng } from '../../../../core/prng.ts';
import { joined } from '../bytes.ts';
import { type Script, serverThinkUs } from '../message.ts';
import { drawSize, type Size, type Voice } from './voice.ts';

export interface Opening {
  /** What the server says before it is asked; null: nothing. */
  readonly banner: Size | null;
  readonly steps: readonly { readonly ask: Size; readonly answer: Size | null }[];
  /** Names and keys differ in length between clients by at most this, bytes. */
  readonly personal: number;
}

/** Sizes from those of a bare name to those of a token with a list of features; chosen. */
export function drawOpening(operator: Prng): Opening {
  const count = operator.pick([1, 1, 2, 2, 3, 4]);
  const banner = drawSize(operator, 20, 300);
  return {
    banner: operator.chance(0.08) ? banner : null,
    steps: Array.from({ length: count }, () => {
      const [ask, answer] = [drawSize(operator, 40, 900), drawSize(operator, 20, 900)];
      return { ask, answer: operator.chance(0.15) ? null : answer };
    }),
    personal: operator.pick([0, 0, 8, 40]),
  };
}

/**
 * Plays it.
 * @param more what the server has to say at once, in the write of its last answer, or of its own if there was none.
 * @returns the last message; either side's, when there is no `more`.
 */
export function playOpening(
  script: Script,
  voice: Voice,
  prng: Prng,
  { banner, steps, personal }: Opening,
  more: readonly Uint8Array[] = [],
): number {
  const extra = prng.integer(-personal, personal);
  let last = banner ? script.say('server', prng.integer(200, 4_000), voice.write('banner', banner)) : -1;
  steps.forEach(({ ask, answer }, i) => {
    const question = voice.write(`ask${i}`, { ...ask, bytes: Math.max(30, ask.bytes + extra) });
    last = script.sayOnce('client', last, last < 0 ? prng.integer(200, 4_000) : 0, question, prng.integer(100, 3_000));
    const ends = i === steps.length - 1;
    const said = [...(answer ? [voice.write(`answer${i}`, answer)] : []), ...(ends ? more : [])];
    if (said.length > 0) last = script.sayOnce('server', last, 0, joined(said), serverThinkUs(prng));
  });
  return last;
}
