/**
 * Share arrivals under variable difficulty. A miner tests hashes independently, so shares are a Poisson process with rate
 * hashrate / difficulty; the pool watches that rate and moves the difficulty toward its target share time (vardiff). The rate
 * therefore starts off wrong by a large factor and settles, and stays memoryless throughout.
 */
import type { Prng } from '../../../../core/prng.ts';
import { SECOND_US } from '../message.ts';

export interface VardiffHabits {
  /** Mean time between shares the pool aims at, seconds. */
  readonly targetSeconds: number;
  /** How often the pool reconsiders, seconds. */
  readonly retargetSeconds: number;
  /** Pools with a fixed difficulty per port never reconsider. */
  readonly fixed: boolean;
}

export interface ShareEvent {
  readonly kind: 'share' | 'retarget';
  readonly atUs: number;
  /** Difficulty relative to the first one. */
  readonly difficulty: number;
}

/** Targets between 8 s and three minutes and retargets of 30 to 120 s: chosen to bracket the settings of open-source pool software. */
export function drawVardiff(operator: Prng): VardiffHabits {
  return {
    targetSeconds: operator.pick([8, 15, 20, 30, 30, 45, 60, 120, 180]),
    retargetSeconds: operator.pick([30, 60, 90, 120]),
    fixed: operator.chance(0.2),
  };
}

/** Faster on average than this, and a pool disconnects or sets a difficulty of its own, fixed or not; chosen. */
const MEAN_MIN_US = SECOND_US;

/**
 * Shares and difficulty changes until `untilUs`, in time order.
 * @param machines miners behind this one connection; their shares add up, and vardiff sees the sum.
 */
export function drawShares(prng: Prng, habits: VardiffHabits, untilUs: number, machines = 1): ShareEvent[] {
  // The first difficulty is a guess: off from this miner's hashrate by a log-normal factor, more often too easy.
  const factor = Math.min(5, Math.max(0.2, prng.logNormal(0.8, 0.7)));
  // A weak machine is below the pool's lowest difficulty: its shares stay rare and vardiff cannot help. One in seven; chosen.
  const weak = prng.chance(1 / 7) ? prng.between(2, 6) : 1;
  const events: ShareEvent[] = [];
  let meanUs = Math.max(MEAN_MIN_US, (habits.targetSeconds * SECOND_US * factor * weak) / machines);
  let difficulty = 1;
  let windowStartUs = 0;
  let sharesInWindow = 0;
  let at = 0;
  for (;;) {
    at += prng.exponential(meanUs);
    const retargetUs = windowStartUs + habits.retargetSeconds * SECOND_US;
    if (!habits.fixed && weak === 1 && at > retargetUs && retargetUs < untilUs) {
      const observedUs = (retargetUs - windowStartUs) / Math.max(0.5, sharesInWindow);
      const step = Math.min(4, Math.max(0.25, (habits.targetSeconds * SECOND_US) / observedUs));
      windowStartUs = at = retargetUs; // memoryless: the share under way is simply drawn again
      sharesInWindow = 0;
      if (step < 0.7 || step > 1.4) {
        difficulty *= step;
        meanUs *= step;
        events.push({ kind: 'retarget', atUs: retargetUs, difficulty });
      }
      continue;
    }
    if (at >= untilUs) return events;
    events.push({ kind: 'share', atUs: Math.round(at), difficulty });
    sharesInWindow++;
  }
}
