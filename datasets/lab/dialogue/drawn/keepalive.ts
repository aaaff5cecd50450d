/** Signs of life in a drawn format: from either side, on a timer or after a silence, answered or not. */
import type { Prng } from '../../../../core/prng.ts';
import { logUniform, type Script, SECOND_US, type Side, serverThinkUs } from '../message.ts';
import { nominalTimes } from '../schedule.ts';
import { drawSize, type Size, type Voice } from './voice.ts';

export interface KeepaliveHabits {
  readonly from: Side;
  readonly periodUs: number;
  /** Only once the other side has said nothing for a period. */
  readonly whenQuiet: boolean;
  readonly ping: Size;
  /** null: pings are not answered. */
  readonly pong: Size | null;
}

/** Lateness of the sender's timer, microseconds. */
const LATENESS_US = 4_000;

/** Periods span those in use; chosen, as is how many sites have none. */
export function drawKeepalive(operator: Prng): KeepaliveHabits | null {
  const from = operator.pick(['client', 'client', 'client', 'server', 'server', null, null] as const);
  const [ping, pong] = [drawSize(operator, 16, 220), drawSize(operator, 16, 160)];
  const periodUs = logUniform(operator, 10, 120) * SECOND_US;
  const [answered, whenQuiet] = [operator.chance(0.85), operator.chance(0.4)];
  return from === null ? null : { from, periodUs, whenQuiet, ping, pong: answered ? pong : null };
}

/** Adds them to what has been said, from `ready` on. */
export function keepAlive(
  script: Script,
  voice: Voice,
  prng: Prng,
  habits: KeepaliveHabits | null,
  ready: number,
  untilUs: number,
): void {
  if (habits === null) return;
  const { from, periodUs, whenQuiet, ping, pong } = habits;
  const times = nominalTimes(script.messages);
  const heard = whenQuiet ? times.filter((_, i) => script.messages[i]!.from !== from).sort() : [];
  let next = 0;
  let lastUs = 0;
  for (;;) {
    const dueUs = lastUs + periodUs + prng.normal(0, LATENESS_US);
    const heardUs = heard[next];
    if (heardUs !== undefined && heardUs < dueUs) {
      lastUs = Math.max(lastUs, heardUs);
      next++;
      continue;
    }
    if (dueUs >= untilUs) return;
    const asked = script.sayOnce(from, ready, dueUs, voice.write('ping', ping));
    if (pong) script.reply(asked, voice.write('pong', pong), serverThinkUs(prng));
    lastUs = dueUs;
  }
}
