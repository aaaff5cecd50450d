/**
 * What happens to one miner at one pool, whatever dialect they speak: work at block and template times, shares, new targets,
 * and now and then a word from the operator. A dialect turns each event into its own lines.
 */
import type { Prng } from '../../../../core/prng.ts';
import { type DialogueContext, SECOND_US } from '../message.ts';
import { blocksBetween, type Coin } from './blocks.ts';
import { drawShares, type VardiffHabits } from './shares.ts';

export interface PoolRhythm {
  readonly coin: Coin;
  readonly vardiff: VardiffHabits;
  /** Pools refresh the template between blocks to take in new transactions; 0: on blocks only. Seconds. */
  readonly templateSeconds: number;
}

export type Verdict = 'accepted' | 'stale' | 'low' | 'duplicate';

export type MiningEvent =
  /** New work; `clean` when a block made all earlier work worthless. */
  | { readonly kind: 'work'; readonly atUs: number; readonly clean: boolean }
  /** `late`: found before the latest work can have come, hence on the work before. */
  | { readonly kind: 'share'; readonly atUs: number; readonly late: boolean; readonly verdict: Verdict }
  /** The pool's new difficulty, relative to the first one. */
  | { readonly kind: 'target'; readonly atUs: number; readonly difficulty: number }
  /** A line for the miner's operator to read. */
  | { readonly kind: 'notice'; readonly atUs: number }
  /** The pool sends the miner elsewhere; always the last event. */
  | { readonly kind: 'dismissal'; readonly atUs: number };

/**
 * A share found this soon after new work was written is on the old one: the time of a round trip and of a miner's switch.
 * Chosen; pools see around one stale share in two hundred, which is what this makes at common rates of shares and jobs.
 */
const SWITCH_US = 300_000;
/** Shares a pool refuses for other reasons: hardware errors and repeats. Chosen around half a percent in all. */
const LOW_SHARE = 0.004;
const DUPLICATE_SHARE = 0.0015;
/** Probabilities per session; chosen, both rare in practice. */
const NOTICE_SHARE = 0.03;
const DISMISSAL_SHARE = 0.04;

/** One connection in nine is a proxy's (xmrig-proxy, a farm's stratum proxy) with a farm behind it; chosen. */
const PROXY_SHARE = 1 / 9;
const FARM_MACHINES_MEDIAN = 12;

/** Miners behind one upstream connection. */
export function drawMachines(prng: Prng): number {
  return prng.chance(PROXY_SHARE) ? Math.round(Math.min(250, Math.max(2, prng.logNormal(FARM_MACHINES_MEDIAN, 1)))) : 1;
}

/** Events in time order, microseconds since the application could first write. */
export function drawTimeline(context: DialogueContext, rhythm: PoolRhythm): MiningEvent[] {
  const { startUs, durationUs, chainSeed, difficulty = 1 } = context;
  const prng = context.prng.fork('timeline');
  const vardiff = { ...rhythm.vardiff, targetSeconds: rhythm.vardiff.targetSeconds * difficulty };
  const dismissedUs = prng.chance(DISMISSAL_SHARE) ? prng.between(0.2, 1) * durationUs : durationUs;
  const events: MiningEvent[] = [];

  // A block seen by the pool's node until this connection's work is written: it serves thousands one after the other.
  const fanoutUs = prng.between(30_000, 800_000);
  for (const block of blocksBetween(rhythm.coin, chainSeed, startUs, startUs + durationUs)) {
    events.push({ kind: 'work', atUs: block - startUs + fanoutUs, clean: true });
  }
  const periodUs = rhythm.templateSeconds * SECOND_US;
  if (periodUs > 0) {
    // On the pool's clock, so all its miners are refreshed together.
    for (let at = periodUs - (startUs % periodUs); at < durationUs; at += periodUs) {
      events.push({ kind: 'work', atUs: at + fanoutUs, clean: false });
    }
  }
  for (const share of drawShares(prng.fork('shares'), vardiff, durationUs, drawMachines(prng))) {
    if (share.kind === 'share') events.push({ kind: 'share', atUs: share.atUs, late: false, verdict: 'accepted' });
    else events.push({ kind: 'target', atUs: share.atUs, difficulty: share.difficulty });
  }
  if (prng.chance(NOTICE_SHARE)) events.push({ kind: 'notice', atUs: prng.between(0, durationUs) });
  const kept = events.filter(({ atUs }) => atUs < dismissedUs).sort((a, b) => a.atUs - b.atUs);
  judge(prng.fork('verdicts'), kept);
  if (dismissedUs < durationUs) kept.push({ kind: 'dismissal', atUs: dismissedUs });
  return kept;
}

/** Decides, in place, what becomes of each share. */
function judge(prng: Prng, events: MiningEvent[]): void {
  let workUs = -SWITCH_US;
  let clean = false;
  events.forEach((event, i) => {
    if (event.kind === 'work') {
      clean = event.clean;
      workUs = event.atUs;
    }
    if (event.kind !== 'share') return;
    const late = event.atUs - workUs < SWITCH_US;
    const draw = prng.float();
    const other: Verdict = draw < LOW_SHARE ? 'low' : draw < LOW_SHARE + DUPLICATE_SHARE ? 'duplicate' : 'accepted';
    events[i] = { ...event, late, verdict: late && clean ? 'stale' : other };
  });
}

/** The work a miner has and the work it had before; a submission names one of them and cannot leave before that came. */
export class Work {
  #current: { readonly id: string; readonly message: number };
  #previous: { readonly id: string; readonly message: number };

  /** @param message index of the message that carried the work. */
  constructor(id: string, message: number) {
    this.#current = this.#previous = { id, message };
  }

  replace(id: string, message: number): void {
    this.#previous = this.#current;
    this.#current = { id, message };
  }

  of(late: boolean): { readonly id: string; readonly message: number } {
    return late ? this.#previous : this.#current;
  }
}
