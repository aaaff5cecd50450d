/**
 * Monero pool mining: JSON lines `login`, `job`, `submit`, `keepalived`. The keepalive fires after 60 s without a line from the
 * pool, where both have the extension; a share is answered in a fixed few bytes; a new target travels in a job.
 */
import type { Prng } from '../../../../core/prng.ts';
import {
  type Dialogue,
  type DialogueContext,
  letters,
  type Message,
  Script,
  SECOND_US,
  serverThinkUs,
  uuid,
} from '../message.ts';
import { MONERO } from './blocks.ts';
import {
  type ClientLines,
  drawId,
  jobLine,
  keptAliveLine,
  type Login,
  type PoolLines,
  verdictLine,
  welcomeLine,
  XMR_STAK,
  XMRIG,
} from './cryptonote-lines.ts';
import { drawVardiff, type VardiffHabits } from './shares.ts';
import { drawTimeline, Work } from './timeline.ts';
import { checkShareUs } from './verdicts.ts';

/** Characters of a standard Monero address; an integrated one, with a payment id inside, has 106. */
const WALLET_LENGTH = 95;
const INTEGRATED_LENGTH = 106;
const KEEPALIVE_US = 60 * SECOND_US;
export const XMRIG_AGENTS = [
  'XMRig/6.21.3 (Linux x86_64) libuv/1.48.0 gcc/13.2.1',
  'XMRig/6.20.0 (Windows NT 10.0; Win64; x64) libuv/1.44.2 gcc/11.2.0',
  'XMRig/6.22.2 (Linux x86_64) libuv/1.49.2 gcc/14.2.0',
];
const STAK_AGENTS = ['xmr-stak/2.10.8/unknown/unknown/lin/cpu/nvidia/20', 'xmr-stak/2.4.5/c5d8a24/master/lin/cpu/20'];
export const ALGORITHMS = [
  'rx/0',
  'cn/r',
  'cn/half',
  'cn/fast',
  'cn-lite/1',
  'cn-heavy/xhv',
  'cn-pico',
  'rx/wow',
  'argon2/chukwav2',
];

export interface CryptonotePool extends PoolLines {
  readonly vardiff: VardiffHabits;
  readonly templateSeconds: number;
}

function drawPool(operator: Prng): CryptonotePool {
  const old = operator.chance(0.15); // a pool from before RandomX: jobs of blob, id and target only
  return {
    vardiff: drawVardiff(operator),
    sessionIdLength: old ? 15 : operator.pick([36, 36, 36, 36, 28, 15]),
    jobIdLength: old ? 15 : operator.pick([15, 20, 28, 28, 32, 36]), // chosen to straddle the 28 that gives a 248-byte submit
    keepalive: !old && operator.chance(0.7),
    algo: !old && operator.chance(0.8) ? 'rx/0' : '',
    seeded: !old,
    templateSeconds: operator.pick([0, 0, 0, 60]),
  };
}

function drawLogin(prng: Prng, stak: boolean): Login {
  const wallet = prng.chance(0.1) ? `4${letters(prng, INTEGRATED_LENGTH - 1)}` : `4${letters(prng, WALLET_LENGTH - 1)}`;
  return {
    user: wallet,
    pass: prng.pick(['x', 'worker', `rig${prng.integer(1, 99)}`]),
    agent: prng.pick(stak ? STAK_AGENTS : XMRIG_AGENTS),
    rigId: prng.chance(0.15) ? letters(prng, prng.integer(4, 16)) : '',
    algorithms: ALGORITHMS.slice(0, prng.integer(1, ALGORITHMS.length)),
  };
}

/** One session of a miner that writes as `client` does, signing in as `login`. */
export function playCryptonote(
  context: DialogueContext,
  pool: CryptonotePool,
  client: ClientLines,
  login: Login,
): readonly Message[] {
  const { prng, durationUs } = context;
  const script = new Script();
  const session = pool.sessionIdLength === 36 ? uuid(prng) : drawId(prng, pool.sessionIdLength);
  const loggedIn = script.say('client', prng.integer(200, 4_000), client.login(login));
  const firstId = drawId(prng, pool.jobIdLength);
  const welcome = script.reply(loggedIn, welcomeLine(prng, pool, session, firstId), serverThinkUs(prng));
  const work = new Work(firstId, welcome);

  let serial = 2;
  const nextId = () => (client.countsIds ? serial++ : 1);
  let heardUs = 0;
  const keepAlive = (untilUs: number) => {
    while (client.keepalived && pool.keepalive && untilUs - heardUs > KEEPALIVE_US) {
      heardUs += KEEPALIVE_US;
      const id = nextId();
      script.reply(
        script.sayAfter(welcome, heardUs, client.keepalived(id, session)),
        keptAliveLine(id),
        serverThinkUs(prng),
      );
    }
  };
  let untilUs = durationUs;
  for (const event of drawTimeline(context, { coin: MONERO, ...pool })) {
    keepAlive(event.atUs);
    // The protocol has no line to read and none to send a miner elsewhere: a pool that means either closes.
    if (event.kind === 'dismissal') untilUs = event.atUs;
    if (event.kind === 'work' || event.kind === 'target') {
      heardUs = event.atUs;
      const jobId = drawId(prng, pool.jobIdLength);
      work.replace(jobId, script.followAt(welcome, event.atUs, jobLine(prng, pool, jobId)));
    }
    if (event.kind === 'share') {
      heardUs = event.atUs;
      const on = work.of(event.late);
      const submission = { id: nextId(), session, jobId: on.id, nonce: prng.hex(8), result: prng.hex(64) };
      const submit = script.sayAfter(on.message, event.atUs, client.submit(submission, pool));
      script.reply(submit, verdictLine(submission.id, event.verdict), checkShareUs(prng));
    }
  }
  keepAlive(untilUs);
  return script.messages;
}

export const cryptonote: Dialogue = {
  name: 'cryptonote',
  label: 'mining',
  ports: [3333, 14444, 5555, 7777, 10128],
  play(context) {
    const pool = drawPool(context.operator);
    const stak = context.prng.chance(pool.seeded ? 0.05 : 0.7);
    return playCryptonote(context, pool, stak ? XMR_STAK : XMRIG, drawLogin(context.prng, stak));
  },
};
