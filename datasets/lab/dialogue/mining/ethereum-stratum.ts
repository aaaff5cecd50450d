/**
 * EthereumStratum/1.0.0, NiceHash's: Stratum v1 with Ethash's two hashes in the notify and nothing but the nonce in the share,
 * so a share is about 90 bytes against ethproxy's 205. Work is pushed, never polled.
 */
import type { Prng } from '../../../../core/prng.ts';
import { type Dialogue, letters, Script, SECOND_US, serverThinkUs } from '../message.ts';
import { ETHASH } from './blocks.ts';
import { drawVardiff } from './shares.ts';
import { drawTimeline, Work } from './timeline.ts';
import { checkShareUs, STRATUM_ERRORS } from './verdicts.ts';

const AGENTS = ['ethminer/0.19.0', 'NBMiner/42.3', 'GMiner/3.44', 'lolMiner 1.82', 'TeamRedMiner/0.10.21'];

interface PoolHabits {
  /** Digits of the nonce that the pool fixes: two or three bytes. */
  readonly extranonceDigits: number;
  readonly jobIdDigits: number;
  /** Pools that refresh at every new set of uncles or transactions, a few times per block. Seconds; 0: on blocks only. */
  readonly templateSeconds: number;
}

function drawHabits(operator: Prng): PoolHabits {
  return {
    extranonceDigits: operator.pick([4, 6]),
    jobIdDigits: operator.pick([8, 8, 10, 64]), // some pools use the header hash itself
    templateSeconds: operator.pick([0, 0, 5]),
  };
}

export const ethereumStratum: Dialogue = {
  name: 'ethereum-stratum',
  label: 'mining',
  ports: [3353, 4444, 5555, 9999],
  play(context) {
    const { prng, operator, durationUs, visit = 0 } = context;
    const habits = drawHabits(operator);
    const vardiff = drawVardiff(operator);
    const script = new Script();
    const user = prng.chance(0.5)
      ? `0x${prng.hex(40)}.rig${prng.integer(1, 60)}`
      : `${letters(prng, 34)}.${letters(prng, prng.integer(3, 8))}`;
    const seedHash = prng.hex(64); // changes every 30,000 blocks, that is not at all
    const extranonce = () => prng.hex(habits.extranonceDigits);
    const notify = (jobId: string, clean: boolean) =>
      `{"id":null,"method":"mining.notify","params":["${jobId}","${seedHash}","${prng.hex(64)}",${clean}]}\n`;

    const session = visit > 0 ? `,"${prng.hex(32)}"` : '';
    const subscribe = script.say(
      'client',
      prng.integer(200, 4_000),
      `{"id":1,"method":"mining.subscribe","params":["${prng.pick(AGENTS)}","EthereumStratum/1.0.0"${session}]}\n`,
    );
    const subscribed = script.reply(
      subscribe,
      `{"id":1,"result":[["mining.notify","${prng.hex(32)}","EthereumStratum/1.0.0"],"${extranonce()}"],"error":null}\n`,
      serverThinkUs(prng),
    );
    const extranonces = prng.chance(0.6);
    const authorize = script.reply(
      subscribed,
      `${extranonces ? '{"id":2,"method":"mining.extranonce.subscribe","params":[]}\n' : ''}{"id":3,"method":"mining.authorize","params":["${user}","x"]}\n`,
      prng.integer(100, 2_000),
    );
    const authorized = script.reply(
      authorize,
      `${extranonces ? '{"id":2,"result":true,"error":null}\n' : ''}{"id":3,"result":true,"error":null}\n`,
      serverThinkUs(prng),
    );
    const baseDifficulty = prng.pick([0.5, 1, 2, 4]);
    const setDifficulty = (value: number) =>
      `{"id":null,"method":"mining.set_difficulty","params":[${Number(value.toFixed(4))}]}\n`;
    const difficultySet = script.follow(authorized, setDifficulty(baseDifficulty), prng.integer(20, 400));
    const firstId = prng.hex(habits.jobIdDigits);
    const ready = script.follow(difficultySet, notify(firstId, true), prng.integer(20, 400));
    const work = new Work(firstId, ready);
    const announce = (atUs: number, clean: boolean) => {
      const jobId = prng.hex(habits.jobIdDigits);
      work.replace(jobId, script.followAt(ready, atUs, notify(jobId, clean)));
    };

    let id = 4;
    let untilUs = durationUs;
    for (const event of drawTimeline(context, { coin: ETHASH, vardiff, templateSeconds: habits.templateSeconds })) {
      if (event.kind === 'work') announce(event.atUs, event.clean);
      if (event.kind === 'share') {
        const on = work.of(event.late);
        const submit = script.sayAfter(
          on.message,
          event.atUs,
          `{"id":${id},"method":"mining.submit","params":["${user}","${on.id}","${prng.hex(16 - habits.extranonceDigits)}"]}\n`,
        );
        const verdict =
          event.verdict === 'accepted'
            ? `{"id":${id},"result":true,"error":null}\n`
            : `{"id":${id},"result":false,"error":${STRATUM_ERRORS[event.verdict]}}\n`;
        script.reply(submit, verdict, checkShareUs(prng));
        id++;
      }
      if (event.kind === 'target') {
        script.followAt(ready, event.atUs, setDifficulty(baseDifficulty * event.difficulty));
        announce(event.atUs + 60, true);
      }
      if (event.kind === 'notice') {
        // What NiceHash does instead of talking: another part of the nonce space, then work for it.
        script.followAt(
          ready,
          event.atUs,
          `{"id":null,"method":"mining.set_extranonce","params":["${extranonce()}"]}\n`,
        );
        announce(event.atUs + 60, true);
      }
      if (event.kind === 'dismissal') {
        untilUs = event.atUs;
        script.followAt(ready, event.atUs, '{"id":null,"method":"client.reconnect","params":[]}\n');
      }
    }
    // Clients that grew out of ethproxy go on reporting their rate, as a share of pools wants it.
    const reportUs = prng.pick([0, 0, 30, 60]) * SECOND_US;
    const rigId = prng.hex(64);
    for (let at = reportUs; reportUs > 0 && at < untilUs; at += reportUs + prng.normal(0, 3_000)) {
      const report = script.sayAfter(
        ready,
        at,
        `{"id":9,"jsonrpc":"2.0","method":"eth_submitHashrate","params":["0x${prng.hex(64)}","0x${rigId}"]}\n`,
      );
      script.reply(report, '{"id":9,"result":true,"error":null}\n', serverThinkUs(prng));
    }
    return script.messages;
  },
};
