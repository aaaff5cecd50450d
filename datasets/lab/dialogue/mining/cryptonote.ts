/**
 * Monero pool protocol as XMRig speaks it: JSON lines `login`, `job`, `submit`, `keepalived`. Field order and names follow
 * the client's own writer, so that lengths come out right: with a 36-character session id a submit is about 248 bytes, its
 * acknowledgement about 64, a keepalive about 103. The keepalive fires after 60 s without a line from the pool, and only
 * where the pool offers the extension.
 */
import type { Prng } from '../../../../core/prng.ts';
import { type Dialogue, drawn, letters, Script, SECOND_US, serverThinkUs, uuid } from '../message.ts';
import { blocksBetween, MONERO } from './blocks.ts';
import { drawShares, drawVardiff } from './shares.ts';

/** Characters of a standard Monero address. */
const WALLET_LENGTH = 95;
const KEEPALIVE_US = 60 * SECOND_US;
const AGENTS = [
  'XMRig/6.21.3 (Linux x86_64) libuv/1.48.0 gcc/13.2.1',
  'XMRig/6.20.0 (Windows NT 10.0; Win64; x64) libuv/1.44.2 gcc/11.2.0',
  'XMRig/6.22.2 (Linux x86_64) libuv/1.49.2 gcc/14.2.0',
  'xmr-stak/2.10.8/unknown/unknown/lin/cpu/nvidia/20',
];
const ALGORITHMS = [
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

interface PoolHabits {
  readonly jobIdLength: number;
  readonly keepalive: boolean;
  readonly algoInJob: boolean;
  readonly templateSeconds: number;
}

function drawHabits(operator: Prng): PoolHabits {
  return {
    jobIdLength: operator.pick([15, 20, 28, 28, 32, 36]), // chosen to straddle the 28 that gives a 248-byte submit
    keepalive: operator.chance(0.7),
    algoInJob: operator.chance(0.8),
    // Pools refresh the template between blocks to include new transactions; 0: on blocks only.
    templateSeconds: operator.pick([0, 0, 0, 60]),
  };
}

/** Named in jobs, and repeated in submits, where the pool speaks the `algo` extension. */
function algo(habits: PoolHabits): string {
  return habits.algoInJob ? ',"algo":"rx/0"' : '';
}

function job(prng: Prng, habits: PoolHabits, jobId: string): string {
  // A hashing blob is 76 bytes, or one more when the transaction count needs a second varint byte: 152 or 154 digits.
  const blob = prng.hex(prng.chance(0.3) ? 154 : 152);
  return `{"blob":"${blob}","job_id":"${jobId}","target":"${prng.hex(8)}"${algo(habits)},"height":${prng.integer(3_100_000, 3_199_999)},"seed_hash":"${prng.hex(64)}"}`;
}

export const cryptonote: Dialogue = {
  name: 'cryptonote',
  label: 'mining',
  ports: [3333, 14444, 5555, 7777, 10128],
  play({ prng, operator, startUs, durationUs, chainSeed }) {
    const habits = drawHabits(operator);
    const vardiff = drawVardiff(operator);
    const script = new Script();
    const session = uuid(prng);
    const algorithms = ALGORITHMS.slice(0, prng.integer(1, ALGORITHMS.length));
    const login = {
      login: `4${letters(prng, WALLET_LENGTH - 1)}`,
      pass: prng.pick(['x', 'worker', `rig${prng.integer(1, 99)}`]),
      agent: prng.pick(AGENTS),
      algo: algorithms,
    };
    const loggedIn = script.say(
      'client',
      prng.integer(200, 4_000),
      `{"id":1,"jsonrpc":"2.0","method":"login","params":${JSON.stringify(login)}}\n`,
    );
    let jobId = letters(prng, habits.jobIdLength);
    const extensions = habits.keepalive ? '"extensions":["algo","keepalive"],' : '"extensions":["algo"],';
    const welcome = script.reply(
      loggedIn,
      `{"jsonrpc":"2.0","id":1,"error":null,"result":{"id":"${session}","job":${job(prng, habits, jobId)},${extensions}"status":"OK"}}\n`,
      serverThinkUs(prng),
    );

    // One timeline of what happens to this miner; jobs and retargets come from the pool, shares from the miner.
    const fanoutUs = prng.between(50_000, 900_000); // block seen by the pool's node until this connection's job is written
    const timeline: { atUs: number; kind: 'job' | 'share' }[] = drawShares(prng, vardiff, durationUs).map((event) => ({
      atUs: event.atUs,
      kind: event.kind === 'share' ? 'share' : 'job', // the new target travels in a job
    }));
    for (const block of blocksBetween(MONERO, chainSeed, startUs, startUs + durationUs)) {
      timeline.push({ atUs: block - startUs + fanoutUs, kind: 'job' });
    }
    if (habits.templateSeconds > 0) {
      const periodUs = habits.templateSeconds * SECOND_US;
      const phaseUs = startUs % periodUs;
      for (let at = periodUs - phaseUs; at < durationUs; at += periodUs)
        timeline.push({ atUs: at + fanoutUs, kind: 'job' });
    }
    timeline.sort((a, b) => a.atUs - b.atUs);

    let id = 2;
    let lastLineUs = 0;
    let lastJobUs = 0;
    const keepAlive = (untilUs: number) => {
      while (habits.keepalive && untilUs - lastLineUs > KEEPALIVE_US) {
        lastLineUs += KEEPALIVE_US;
        const ping = script.sayAfter(
          welcome,
          lastLineUs,
          `{"id":${id},"jsonrpc":"2.0","method":"keepalived","params":{"id":"${session}"}}\n`,
        );
        script.reply(
          ping,
          `{"jsonrpc":"2.0","id":${id},"error":null,"result":{"status":"KEEPALIVED"}}\n`,
          serverThinkUs(prng),
        );
        id++;
      }
    };
    for (const event of timeline) {
      keepAlive(event.atUs);
      lastLineUs = event.atUs;
      if (event.kind === 'job') {
        jobId = letters(prng, habits.jobIdLength);
        lastJobUs = event.atUs;
        script.say('server', event.atUs, `{"jsonrpc":"2.0","method":"job","params":${job(prng, habits, jobId)}}\n`);
        continue;
      }
      const submit = script.sayAfter(
        welcome,
        event.atUs,
        `{"id":${id},"jsonrpc":"2.0","method":"submit","params":{"id":"${session}","job_id":"${jobId}","nonce":"${prng.hex(8)}","result":"${prng.hex(64)}"${algo(habits)}}}\n`,
      );
      // Stale: work on the previous job met the new one on the way. Other rejects (duplicate, low) are rarer.
      const refusal =
        event.atUs - lastJobUs < 300_000 && lastJobUs > 0
          ? 'Block expired'
          : prng.chance(0.006)
            ? 'Low difficulty share'
            : '';
      const verdict = refusal ? `"error":{"code":-1,"message":"${refusal}"}` : '"error":null,"result":{"status":"OK"}';
      script.reply(submit, `{"jsonrpc":"2.0","id":${id},${verdict}}\n`, drawn(prng, 900, 0.6, 150, 40_000));
      id++;
    }
    keepAlive(durationUs);
    return script.messages;
  },
};
