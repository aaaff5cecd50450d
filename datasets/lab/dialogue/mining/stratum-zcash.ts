/**
 * Zcash Stratum (ZIP 301): as Bitcoin's, but the whole header travels, so a notify has one length (297 bytes on a public
 * nanopool recording, 310 on a flypool one), and a share carries an Equihash solution: 1,344 bytes behind a three-byte length,
 * 2,694 digits, in a line of about 2,850 bytes. The miner's side is much the larger: the opposite of every other dialect.
 */
import type { Prng } from '../../../../core/prng.ts';
import { type Dialogue, letters, Script, serverThinkUs } from '../message.ts';
import { ZCASH } from './blocks.ts';
import { drawVardiff } from './shares.ts';
import { drawTimeline, Work } from './timeline.ts';
import { checkShareUs, STRATUM_ERRORS } from './verdicts.ts';

/** Equihash with n = 200, k = 9: 512 indices of 21 bits. Its compact size is fd 40 05. */
const SOLUTION_BYTES = 1_344;
const NONCE_DIGITS = 64;
const ZERO_HASH = '0'.repeat(64);

interface PoolHabits {
  readonly templateSeconds: number;
  /** Digits of the nonce that the pool fixes; the miner finds the others. */
  readonly nonce1Digits: number;
  readonly jobIdDigits: number;
  /** Notifications carry `"id":null` and the method first, or `"id":0` and the method last. */
  readonly methodFirst: boolean;
  /** The error member is left out of replies without one: an acknowledgement of 25 bytes instead of 36. */
  readonly terse: boolean;
}

function drawHabits(operator: Prng): PoolHabits {
  return {
    templateSeconds: operator.pick([0, 30, 60, 60]), // 60 on the nanopool recording
    nonce1Digits: operator.pick([8, 16, 32]), // 32 on the nanopool recording
    jobIdDigits: operator.pick([8, 10, 20]),
    methodFirst: operator.chance(0.5),
    terse: operator.chance(0.4),
  };
}

/** In digits; by way of bytes, because this is nearly all a session says. */
function solution(prng: Prng): string {
  return Buffer.from(prng.bytes(new Uint8Array(SOLUTION_BYTES)).buffer).toString('hex');
}

/** One program writes spaces, always the same id for submissions, and all its greetings at once; others do none of it. */
interface MinerHabits {
  readonly agent: string;
  readonly spaced: boolean;
}
const MINERS: readonly MinerHabits[] = [
  { agent: 'equihashminer', spaced: true },
  { agent: 'EWBF/0.6', spaced: false },
  { agent: 'miniZ/2.4e', spaced: false },
  { agent: 'lolMiner 1.82', spaced: false },
];

export const stratumZcash: Dialogue = {
  name: 'stratum-zcash',
  label: 'mining',
  ports: [3333, 6666, 4455, 3357],
  play(context) {
    const { prng, operator, host, visit = 0 } = context;
    const habits = drawHabits(operator);
    const vardiff = drawVardiff(operator);
    const { agent, spaced } = prng.pick(MINERS);
    const user = `t1${letters(prng, 33)}.${prng.pick(['rig', 'worker', 'w'])}${prng.integer(1, 60)}`;
    const script = new Script();

    const call = (id: number, method: string, params: string) =>
      spaced
        ? `{"id": ${id}, "method": "${method}", "params": [${params}]}\n`
        : `{"id":${id},"method":"${method}","params":[${params}]}\n`;
    const done = (id: number, result: string) =>
      `{"id":${id},"result":${result}${habits.terse ? '' : ',"error":null'}}\n`;
    const tell = (method: string, params: string) =>
      habits.methodFirst
        ? `{"id":null,"method":"${method}","params":[${params}]}\n`
        : `{"id":0,"params":[${params}],"method":"${method}"}\n`;
    const target = (zeros: number) =>
      tell('mining.set_target', `"${'0'.repeat(zeros)}${prng.hex(8)}${'0'.repeat(56 - zeros)}"`);
    const notify = (jobId: string, clean: boolean) =>
      tell(
        'mining.notify',
        `"${jobId}","04000000","${prng.hex(56)}00000000","${prng.hex(64)}","${ZERO_HASH}","${prng.hex(8)}","${prng.hex(8)}",${clean}`,
      );

    const session = visit > 0 ? `"${prng.hex(habits.nonce1Digits)}"` : 'null';
    const subscribeLine = call(1, 'mining.subscribe', `"${agent}",${spaced ? ' ' : ''}${session},"${host}","3333"`);
    const authorizeLine = call(2, 'mining.authorize', `"${user}","x"`);
    const extranonceLine = spaced ? call(5, 'mining.extranonce.subscribe', '') : '';
    const subscribedLine = done(1, `[null,"${prng.hex(habits.nonce1Digits)}"]`);
    const firstId = prng.hex(habits.jobIdDigits);
    let ready: number;
    if (spaced) {
      const hello = script.say('client', prng.integer(200, 4_000), subscribeLine + authorizeLine + extranonceLine);
      const subscribed = script.reply(hello, subscribedLine + target(3), serverThinkUs(prng));
      ready = script.follow(subscribed, done(2, 'true') + notify(firstId, true), prng.integer(100, 2_000));
    } else {
      const hello = script.say('client', prng.integer(200, 4_000), subscribeLine);
      const subscribed = script.reply(hello, subscribedLine, serverThinkUs(prng));
      const authorize = script.reply(subscribed, authorizeLine, prng.integer(100, 2_000));
      const authorized = script.reply(authorize, done(2, 'true'), serverThinkUs(prng));
      const targetSet = script.follow(authorized, target(3), prng.integer(20, 400));
      ready = script.follow(targetSet, notify(firstId, true), prng.integer(20, 400));
    }
    const work = new Work(firstId, ready);

    let serial = 4;
    for (const event of drawTimeline(context, { coin: ZCASH, vardiff, templateSeconds: habits.templateSeconds })) {
      if (event.kind === 'work') {
        const jobId = prng.hex(habits.jobIdDigits);
        work.replace(jobId, script.followAt(ready, event.atUs, notify(jobId, event.clean)));
      }
      if (event.kind === 'share') {
        const on = work.of(event.late);
        const id = spaced ? 4 : serial++;
        const nonce2 = prng.hex(NONCE_DIGITS - habits.nonce1Digits);
        const submit = script.sayAfter(
          on.message,
          event.atUs,
          call(id, 'mining.submit', `"${user}","${on.id}","${prng.hex(8)}","${nonce2}","fd4005${solution(prng)}"`),
        );
        const verdict =
          event.verdict === 'accepted'
            ? done(id, 'true')
            : `{"id":${id},"result":false,"error":${STRATUM_ERRORS[event.verdict]}}\n`;
        // Checking a solution is Equihash's cheap half: well below a millisecond.
        script.reply(submit, verdict, checkShareUs(prng));
      }
      if (event.kind === 'target') script.followAt(ready, event.atUs, target(event.difficulty > 4 ? 4 : 3));
      if (event.kind === 'notice')
        script.followAt(ready, event.atUs, tell('client.show_message', `"${letters(prng, prng.integer(20, 90))}"`));
      if (event.kind === 'dismissal')
        script.followAt(ready, event.atUs, tell('client.reconnect', `"${host}",3333,${prng.integer(0, 30)}`));
    }
    return script.messages;
  },
};
