/**
 * The shape of Stratum V2: a Noise handshake of two acts, then binary frames, every one of them ciphertext. Message sizes follow
 * the specification (mining protocol, chapter 5): a share is 62 bytes on the wire and its acknowledgement 58, which may stand for
 * many shares; a block is announced by SetNewPrevHash for a job sent beforehand.
 */
import type { Prng } from '../../../../core/prng.ts';
import { type Dialogue, Script, SECOND_US, serverThinkUs } from '../message.ts';
import { BITCOIN } from './blocks.ts';
import { firstAct, sealedFrames, secondAct } from './noise.ts';
import { drawVardiff } from './shares.ts';
import { drawTimeline, Work } from './timeline.ts';
import { checkShareUs } from './verdicts.ts';

/** A string of at most 255 bytes costs one more for its length. */
const text = (length: number) => 1 + length;

/** Payloads of the messages, bytes, in the order of the specification's fields. */
const SETUP_CONNECTION = 1 + 2 + 2 + 4 + 2; // and five strings
const SETUP_SUCCESS = 2 + 4;
const OPEN_STANDARD = 4 + 4 + 32; // and the user's identity
const OPEN_STANDARD_SUCCESS = 4 + 4 + 32 + 4; // and the extranonce prefix
const OPEN_EXTENDED = 4 + 4 + 32 + 2;
const OPEN_EXTENDED_SUCCESS = 4 + 4 + 32 + 2;
const NEW_JOB = 4 + 4 + 1 + 4 + 32; // four more with a time, when the job is not for a later block
const NEW_EXTENDED_JOB = 4 + 4 + 1 + 4 + 1; // and Merkle path and both halves of the coinbase
const SET_NEW_PREV_HASH = 4 + 4 + 32 + 4 + 4;
const SET_TARGET = 4 + 32;
const SUBMIT_STANDARD = 6 * 4;
const SUBMIT_SUCCESS = 4 + 4 + 4 + 8;
const SUBMIT_ERROR = 4 + 4; // and the code
const UPDATE_CHANNEL = 4 + 4 + 32;
const RECONNECT = 2; // and the new host
const ERROR_CODES = { stale: 'stale-share', low: 'difficulty-too-low', duplicate: 'duplicate-share' } as const;

interface PoolHabits {
  readonly templateSeconds: number;
  /** Shares one SubmitShares.Success stands for. */
  readonly batch: number;
  readonly branchLevels: number;
  readonly coinbaseBytes: number;
  readonly extranonceBytes: number;
}

function drawHabits(operator: Prng): PoolHabits {
  return {
    templateSeconds: operator.pick([30, 30, 60]),
    batch: operator.pick([1, 1, 5, 10]), // the specification allows batches and leaves their size to the pool
    branchLevels: operator.pick([5, 9, 11, 12]),
    coinbaseBytes: operator.integer(110, 260),
    extranonceBytes: operator.pick([4, 8, 16]),
  };
}

export const stratumV2: Dialogue = {
  name: 'stratum-v2',
  label: 'mining',
  ports: [3333, 3336, 34254, 34255],
  opaqueFrom: 2,
  play(context) {
    const { prng, operator, durationUs, host } = context;
    const habits = drawHabits(operator);
    const vardiff = drawVardiff(operator);
    const script = new Script();
    // A machine that hashes headers opens a standard channel; a proxy, or one that builds its own coinbase, an extended one.
    const extended = prng.chance(0.4);
    const share = SUBMIT_STANDARD + (extended ? 1 + habits.extranonceBytes : 0);
    const jobBytes = (future: boolean) =>
      extended
        ? NEW_EXTENDED_JOB + (future ? 0 : 4) + 1 + 32 * habits.branchLevels + 2 * 2 + habits.coinbaseBytes
        : NEW_JOB + (future ? 0 : 4);

    const hello = script.say('client', prng.integer(200, 4_000), firstAct(prng));
    const greeted = script.reply(hello, secondAct(prng), serverThinkUs(prng));
    const names = [host.length, 6, 8, 12, 16].reduce((sum, length) => sum + text(length + prng.integer(0, 3)), 0);
    const setup = script.reply(greeted, sealedFrames(prng, SETUP_CONNECTION + names), prng.integer(300, 3_000));
    const accepted = script.reply(setup, sealedFrames(prng, SETUP_SUCCESS), serverThinkUs(prng));
    const identity = text(prng.integer(8, 60));
    const open = script.reply(
      accepted,
      sealedFrames(prng, (extended ? OPEN_EXTENDED : OPEN_STANDARD) + identity),
      prng.integer(100, 2_000),
    );
    const success = (extended ? OPEN_EXTENDED_SUCCESS : OPEN_STANDARD_SUCCESS) + 1 + habits.extranonceBytes;
    // Channel, first job and the block it is for come in one write.
    const ready = script.reply(
      open,
      sealedFrames(prng, success, jobBytes(true), SET_NEW_PREV_HASH),
      serverThinkUs(prng),
    );
    const work = new Work('', ready);
    const push = (atUs: number, ...payloads: readonly number[]) =>
      script.followAt(ready, atUs, sealedFrames(prng, ...payloads));

    let unanswered = 0;
    let untilUs = durationUs;
    for (const event of drawTimeline(context, { coin: BITCOIN, vardiff, templateSeconds: habits.templateSeconds })) {
      if (event.kind === 'work' && event.clean) {
        work.replace('', push(event.atUs, SET_NEW_PREV_HASH));
        push(event.atUs + prng.between(0.2, 2) * SECOND_US, jobBytes(true)); // the next empty one, for the block after
      }
      if (event.kind === 'work' && !event.clean) work.replace('', push(event.atUs, jobBytes(false)));
      if (event.kind === 'share') {
        const submit = script.sayAfter(work.of(event.late).message, event.atUs, sealedFrames(prng, share));
        if (event.verdict === 'accepted') {
          unanswered++;
          if (unanswered < habits.batch) continue;
          script.reply(submit, sealedFrames(prng, SUBMIT_SUCCESS), checkShareUs(prng));
          unanswered = 0;
        } else {
          const code = text(ERROR_CODES[event.verdict].length);
          script.reply(submit, sealedFrames(prng, SUBMIT_ERROR + code), checkShareUs(prng));
        }
      }
      if (event.kind === 'target') push(event.atUs, SET_TARGET);
      if (event.kind === 'dismissal') {
        untilUs = event.atUs;
        push(event.atUs, RECONNECT + text(host.length));
      }
    }
    // A machine that tells the pool when its rate changes; chosen.
    if (prng.chance(0.3)) {
      const updateUs = prng.pick([60, 300, 600]) * SECOND_US;
      for (let at = updateUs; at < untilUs; at += updateUs) {
        script.sayAfter(ready, at, sealedFrames(prng, UPDATE_CHANNEL));
      }
    }
    return script.messages;
  },
};
