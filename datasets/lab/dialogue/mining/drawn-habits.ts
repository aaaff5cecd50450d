/**
 * What a pool of a protocol that does not exist does: sizes, rhythms and ways of handing out work, drawn per site from ranges
 * that hold those of the real protocols with room on both sides. All ranges and shares are chosen; what they must not do is
 * leave one way of mining out because no protocol of this folder has it.
 */
import type { Prng } from '../../../../core/prng.ts';
import { drawKeepalive, type KeepaliveHabits } from '../drawn/keepalive.ts';
import { drawOpening, type Opening } from '../drawn/opening.ts';
import { drawSize, type Size } from '../drawn/voice.ts';
import { logUniform, SECOND_US } from '../message.ts';
import type { Coin } from './blocks.ts';
import type { VardiffHabits } from './shares.ts';

/** How work comes: unasked; for the asking, on a timer; asked for and held back until there is some; or both of the first two. */
export type WorkWay = 'pushed' | 'polled' | 'held' | 'both';

export interface JobHabits {
  readonly size: Size;
  /** A second message of each job (a target, a header, a list); null: none. */
  readonly second: Size | null;
  /** Bytes of a step of the Merkle branch, which has one more or fewer from job to job; 0: always as many, or none. */
  readonly branchBytes: number;
}

export interface AnswerHabits {
  readonly size: Size;
  /** Shares one answer stands for; 0: shares are not answered. */
  readonly batch: number;
  /** A refusal; null: nobody is told of one. */
  readonly refusal: Size | null;
  /** New work comes with the answer. */
  readonly carriesJob: boolean;
  /** Median time to check a share, microseconds. */
  readonly checkUs: number;
}

export interface DrawnPool {
  readonly coin: Coin;
  readonly templateSeconds: number;
  readonly vardiff: VardiffHabits;
  /** Factor on the difficulty: pools whose lowest is made for stronger machines. */
  readonly difficulty: number;
  readonly opening: Opening;
  readonly way: WorkWay;
  readonly pollUs: number;
  readonly poll: Size;
  /** The answer to who polls and has the latest work; null: that work again. */
  readonly unchanged: Size | null;
  /** A held poll is answered without work after this; 0: never. Microseconds. */
  readonly patienceUs: number;
  readonly job: JobHabits;
  readonly share: Size;
  readonly answer: AnswerHabits;
  readonly keepalive: KeepaliveHabits | null;
  /** Of the hashrate; 0: none. Microseconds. */
  readonly reportUs: number;
  readonly report: Size;
  readonly reportAnswer: Size | null;
  /** A new target comes as a message, within a job, or as a message before a job. */
  readonly targetWay: 'message' | 'job' | 'both';
  readonly target: Size;
  readonly notice: Size;
  /** What sends a miner elsewhere; null: the pool closes. */
  readonly dismissal: Size | null;
  /** Messages of one moment leave in one write. */
  readonly coalesces: boolean;
}

/** Miners of one drawn coin are in step, so there are few enough of them for two pools of a capture to have the same. */
const COINS = 16;
const BLOCK_SECONDS = { low: 8, high: 600 };

/** A coin of a class: block times are spread evenly over the logarithm of their range. */
function drawCoin(operator: Prng): Coin {
  const rank = operator.below(COINS);
  const blockSeconds = BLOCK_SECONDS.low * (BLOCK_SECONDS.high / BLOCK_SECONDS.low) ** (rank / (COINS - 1));
  return { name: `drawn${rank}`, blockSeconds };
}

/** Pools that small infected machines are below, so that a share takes minutes to an hour and no vardiff helps. */
const HARD_SHARE = 0.2;
const HARD_SECONDS = { low: 150, high: 3_600 };

function drawShareRate(operator: Prng): Pick<DrawnPool, 'vardiff' | 'difficulty'> {
  const targetSeconds = logUniform(operator, 5, 180);
  const retargetSeconds = logUniform(operator, 20, 180);
  const [fixed, hard] = [operator.chance(0.2), operator.chance(HARD_SHARE)];
  const hardSeconds = logUniform(operator, HARD_SECONDS.low, HARD_SECONDS.high);
  return {
    vardiff: { targetSeconds, retargetSeconds, fixed: fixed || hard },
    difficulty: hard ? hardSeconds / targetSeconds : 1,
  };
}

function drawJob(operator: Prng): JobHabits {
  const [size, second] = [drawSize(operator, 40, 2_500), drawSize(operator, 40, 400)];
  const branchBytes = operator.pick([32, 64, 67]); // a hash, in digits, in digits with quotes and a comma
  return {
    size,
    second: operator.chance(0.2) ? second : null,
    branchBytes: size.bytes > 3 * branchBytes && operator.chance(0.3) ? branchBytes : 0,
  };
}

function drawAnswer(operator: Prng): AnswerHabits {
  const size = drawSize(operator, 20, 160);
  const batch = operator.pickWeighted([
    { weight: 16, value: 1 },
    { weight: 2, value: 0 },
    { weight: 2, value: operator.integer(2, 10) },
  ]);
  const refusal = { ...size, bytes: size.bytes + Math.round(logUniform(operator, 4, 120)) };
  const told = operator.chance(0.5);
  return {
    size,
    batch,
    refusal: batch > 0 || told ? refusal : null,
    carriesJob: operator.chance(0.1),
    checkUs: logUniform(operator, 300, 100_000),
  };
}

export function drawPool(operator: Prng): DrawnPool {
  const way = operator.pickWeighted<WorkWay>([
    { weight: 12, value: 'pushed' },
    { weight: 4, value: 'polled' },
    { weight: 2, value: 'held' },
    { weight: 2, value: 'both' },
  ]);
  const sizes = {
    poll: drawSize(operator, 30, 400),
    share: drawSize(operator, 40, 2_900),
    report: drawSize(operator, 40, 400),
    target: drawSize(operator, 30, 200),
    notice: drawSize(operator, 40, 400),
  };
  const [unchanged, reportAnswer, dismissal] = [20, 20, 30].map((low) => drawSize(operator, low, 160));
  const job = drawJob(operator);
  // Long work is not sent anew every few seconds to who has it.
  const repeats = operator.chance(job.size.bytes < 600 ? 0.6 : 0.2);
  const reportUs = logUniform(operator, 10, 300) * SECOND_US;
  return {
    coin: drawCoin(operator),
    templateSeconds: operator.pick([0, 0, 15, 30, 60]),
    ...drawShareRate(operator),
    opening: drawOpening(operator),
    way,
    pollUs: logUniform(operator, 1, 15) * SECOND_US,
    unchanged: repeats ? null : unchanged!,
    patienceUs: operator.pick([0, 25, 60, 120]) * SECOND_US,
    job,
    answer: drawAnswer(operator),
    keepalive: drawKeepalive(operator),
    reportUs: operator.chance(0.35) ? reportUs : 0,
    reportAnswer: operator.chance(0.6) ? reportAnswer! : null,
    targetWay: operator.pick(['message', 'job', 'both']),
    dismissal: operator.chance(0.5) ? dismissal! : null,
    coalesces: operator.chance(0.6),
    ...sizes,
  };
}
