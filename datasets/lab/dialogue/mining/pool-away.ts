/**
 * Pools go away: the host keeps acknowledging and its pool says nothing more. The miner goes on submitting and polling until it
 * has waited long enough for one answer, and then says nothing either; that it comes back is another connection.
 */
import type { Prng } from '../../../../core/prng.ts';
import { type Dialogue, type Message, SECOND_US } from '../message.ts';
import { kept, nominalTimes } from '../schedule.ts';

/** Share of sessions that meet it; chosen, to be seen and to stay rare. */
const AWAY_SHARE = 0.04;
/** How long miners wait for an answer: XMRig's response timeout is 20 s, others wait a minute or more. Seconds. */
const PATIENCE_SECONDS = [20, 20, 20, 60, 90];

/** @param awayUs when the pool falls silent. @param patienceUs from the first unanswered message until the miner gives up. */
export function silenced(messages: readonly Message[], awayUs: number, patienceUs: number): Message[] {
  const times = nominalTimes(messages);
  let asked = Number.POSITIVE_INFINITY;
  messages.forEach(({ from }, i) => {
    if (from === 'client' && times[i]! >= awayUs) asked = Math.min(asked, times[i]!);
  });
  return kept(messages, ({ from }, i) => (from === 'server' ? times[i]! < awayUs : times[i]! <= asked + patienceUs));
}

function troubled(prng: Prng, messages: readonly Message[], durationUs: number): readonly Message[] {
  if (!prng.chance(AWAY_SHARE)) return messages;
  return silenced(messages, prng.between(0.15, 0.95) * durationUs, prng.pick(PATIENCE_SECONDS) * SECOND_US);
}

/** The same dialogue with a pool that may go away. */
export function withAbsences(dialogue: Dialogue): Dialogue {
  return {
    ...dialogue,
    play(context) {
      const prng = context.prng.fork('absence');
      return troubled(prng, dialogue.play(context), context.durationUs);
    },
  };
}
