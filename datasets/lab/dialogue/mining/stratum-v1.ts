/**
 * Bitcoin Stratum (version 1): JSON lines mining.subscribe, authorize, set_difficulty, notify, submit. A notify carries the
 * two halves of the coinbase and the Merkle branch, so it is far larger than anything the miner says, and its length moves
 * only when the branch grows by a level (64 digits). Besides: mining.configure (BIP 310), mining.ping as cgminer answers it,
 * client.show_message and client.reconnect.
 */
import type { Prng } from '../../../../core/prng.ts';
import { type Dialogue, letters, Script, SECOND_US, serverThinkUs } from '../message.ts';
import { BITCOIN } from './blocks.ts';
import { drawVardiff } from './shares.ts';
import { drawTimeline, Work } from './timeline.ts';
import { checkShareUs, STRATUM_ERRORS } from './verdicts.ts';

const AGENTS = ['cgminer/4.12.0', 'bmminer/2.0.0', 'bosminer-plus-tuner/0.2.0', 'cpuminer/2.5.1', 'NerdMinerV2/1.6.3'];

interface PoolHabits {
  readonly branchLevels: number;
  readonly coinbaseDigits: number;
  readonly templateSeconds: number;
  readonly extranonce2Bytes: number;
  /** Seconds between two mining.ping; 0: never. */
  readonly pingSeconds: number;
  /** The error member is left out of replies without one. */
  readonly terse: boolean;
}

function drawHabits(operator: Prng): PoolHabits {
  return {
    // A template of a few thousand transactions has 10 to 12 levels; small pools cap the template. Chosen, not measured.
    branchLevels: operator.pick([3, 5, 7, 9, 10, 12]),
    coinbaseDigits: operator.integer(170, 420),
    templateSeconds: operator.pick([30, 30, 45, 60]),
    extranonce2Bytes: operator.pick([4, 4, 8]),
    pingSeconds: operator.pick([0, 0, 0, 60, 120]),
    terse: operator.chance(0.2),
  };
}

function notify(prng: Prng, habits: PoolHabits, jobId: string, clean: boolean): string {
  const levels = Math.max(
    0,
    habits.branchLevels + (prng.chance(0.2) ? -1 : 0) - (clean && prng.chance(0.3) ? habits.branchLevels : 0),
  );
  const branch = Array.from({ length: levels }, () => `"${prng.hex(64)}"`).join(',');
  const half = habits.coinbaseDigits >> 1;
  return `{"id":null,"method":"mining.notify","params":["${jobId}","${prng.hex(64)}","${prng.hex(half & ~1)}","${prng.hex(half & ~1)}",[${branch}],"20000000","${prng.hex(8)}","${prng.hex(8)}",${clean}]}\n`;
}

export const stratumV1: Dialogue = {
  name: 'stratum-v1',
  label: 'mining',
  ports: [3333, 3334, 4444, 8888],
  play(context) {
    const { prng, operator, durationUs, host, visit = 0 } = context;
    const habits = drawHabits(operator);
    const vardiff = drawVardiff(operator);
    const baseDifficulty = operator.pick([1024, 8192, 16384, 65536]);
    const jobIdDigits = operator.pick([4, 8, 12]);
    const script = new Script();
    const user = `${letters(prng, prng.pick([34, 42, 8, 12]))}.${prng.pick(['w', 'rig', 's19-'])}${prng.integer(1, 400)}`;
    const versionRolling = prng.chance(0.6);
    const done = (id: number, result: string) =>
      `{"id":${id},"result":${result}${habits.terse ? '' : ',"error":null'}}\n`;

    let id = 1;
    let previous = -1;
    if (versionRolling) {
      const configure = script.say(
        'client',
        prng.integer(200, 3_000),
        `{"id":${id},"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":16}]}\n`,
      );
      previous = script.reply(
        configure,
        done(id++, '{"version-rolling":true,"version-rolling.mask":"1fffe000"}'),
        serverThinkUs(prng),
      );
    }
    // A miner that was here before names its last subscription, in the hope of its old extranonce.
    const resumed = visit > 0 ? `,"${prng.hex(8)}"` : '';
    const hello = `{"id":${id},"method":"mining.subscribe","params":["${prng.pick(AGENTS)}"${resumed}]}\n`;
    const subscribe =
      previous < 0
        ? script.say('client', prng.integer(200, 3_000), hello)
        : script.reply(previous, hello, prng.integer(100, 2_000));
    const subscribed = script.reply(
      subscribe,
      done(
        id++,
        `[[["mining.set_difficulty","${prng.hex(8)}"],["mining.notify","${prng.hex(8)}"]],"${prng.hex(8)}",${habits.extranonce2Bytes}]`,
      ),
      serverThinkUs(prng),
    );
    const authorize = script.reply(
      subscribed,
      `{"id":${id},"method":"mining.authorize","params":["${user}","x"]}\n`,
      prng.integer(100, 2_000),
    );
    const authorized = script.reply(authorize, done(id++, 'true'), serverThinkUs(prng));
    const difficultySet = script.follow(
      authorized,
      `{"id":null,"method":"mining.set_difficulty","params":[${baseDifficulty}]}\n`,
      prng.integer(20, 400),
    );
    const firstId = prng.hex(jobIdDigits);
    const ready = script.follow(difficultySet, notify(prng, habits, firstId, true), prng.integer(20, 400));
    const work = new Work(firstId, ready);
    const announce = (atUs: number, clean: boolean) => {
      const jobId = prng.hex(jobIdDigits);
      work.replace(jobId, script.followAt(ready, atUs, notify(prng, habits, jobId, clean)));
    };

    let untilUs = durationUs;
    for (const event of drawTimeline(context, { coin: BITCOIN, vardiff, templateSeconds: habits.templateSeconds })) {
      if (event.kind === 'work') announce(event.atUs, event.clean);
      if (event.kind === 'share') {
        const on = work.of(event.late);
        const rolled = versionRolling ? `,"${prng.hex(8)}"` : '';
        const submit = script.sayAfter(
          on.message,
          event.atUs,
          `{"params":["${user}","${on.id}","${prng.hex(habits.extranonce2Bytes * 2)}","${prng.hex(8)}","${prng.hex(8)}"${rolled}],"id":${id},"method":"mining.submit"}\n`,
        );
        const verdict =
          event.verdict === 'accepted'
            ? done(id, 'true')
            : `{"id":${id},"result":null,"error":${STRATUM_ERRORS[event.verdict]}}\n`;
        script.reply(submit, verdict, checkShareUs(prng));
        id++;
      }
      if (event.kind === 'target') {
        const difficulty = Math.max(1, Math.round(baseDifficulty * event.difficulty));
        script.followAt(ready, event.atUs, `{"id":null,"method":"mining.set_difficulty","params":[${difficulty}]}\n`);
        announce(event.atUs + 60, false); // the new difficulty holds from the next job on
      }
      if (event.kind === 'notice') {
        script.followAt(
          ready,
          event.atUs,
          `{"id":null,"method":"client.show_message","params":["${letters(prng, prng.integer(20, 90))}"]}\n`,
        );
      }
      if (event.kind === 'dismissal') {
        untilUs = event.atUs;
        script.followAt(
          ready,
          event.atUs,
          `{"id":null,"method":"client.reconnect","params":["${host}",3333,${prng.integer(0, 30)}]}\n`,
        );
      }
    }
    const pingUs = habits.pingSeconds * SECOND_US;
    for (let at = pingUs; pingUs > 0 && at < untilUs; at += pingUs) {
      const serial = Math.round(at / pingUs);
      const ping = script.followAt(ready, at, `{"id":${serial},"method":"mining.ping","params":[]}\n`);
      script.reply(ping, `{"id":${serial},"result":"pong","error":null}\n`, prng.integer(80, 1_500));
    }
    return script.messages;
  },
};
