/**
 * Bitcoin Stratum (version 1): JSON lines mining.subscribe, authorize, set_difficulty, notify, submit. A notify carries the
 * two halves of the coinbase and the Merkle branch, so it is far larger than anything the miner says, and its length moves
 * only when the branch grows by a level (64 digits).
 */
import type { Prng } from '../../../../core/prng.ts';
import { type Dialogue, drawn, letters, Script, SECOND_US, serverThinkUs } from '../message.ts';
import { BITCOIN, blocksBetween } from './blocks.ts';
import { drawShares, drawVardiff } from './shares.ts';

const AGENTS = ['cgminer/4.12.0', 'bmminer/2.0.0', 'bosminer-plus-tuner/0.2.0', 'cpuminer/2.5.1', 'NerdMinerV2/1.6.3'];

interface PoolHabits {
  readonly branchLevels: number;
  readonly coinbaseDigits: number;
  readonly templateSeconds: number;
  readonly extranonce2Bytes: number;
}

function drawHabits(operator: Prng): PoolHabits {
  return {
    // A template of a few thousand transactions has 10 to 12 levels; small pools cap the template. Chosen, not measured.
    branchLevels: operator.pick([3, 5, 7, 9, 10, 12]),
    coinbaseDigits: operator.integer(170, 420),
    templateSeconds: operator.pick([30, 30, 45, 60]),
    extranonce2Bytes: operator.pick([4, 4, 8]),
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
  play({ prng, operator, startUs, durationUs, chainSeed }) {
    const habits = drawHabits(operator);
    const vardiff = drawVardiff(operator);
    const script = new Script();
    const user = `${letters(prng, prng.pick([34, 42, 8, 12]))}.${prng.pick(['w', 'rig', 's19-'])}${prng.integer(1, 400)}`;
    const versionRolling = prng.chance(0.6);

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
        `{"id":${id++},"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}\n`,
        serverThinkUs(prng),
      );
    }
    const hello = `{"id":${id},"method":"mining.subscribe","params":["${prng.pick(AGENTS)}"]}\n`;
    const subscribe =
      previous < 0
        ? script.say('client', prng.integer(200, 3_000), hello)
        : script.reply(previous, hello, prng.integer(100, 2_000));
    const subscribed = script.reply(
      subscribe,
      `{"id":${id++},"result":[[["mining.set_difficulty","${prng.hex(8)}"],["mining.notify","${prng.hex(8)}"]],"${prng.hex(8)}",${habits.extranonce2Bytes}],"error":null}\n`,
      serverThinkUs(prng),
    );
    const authorize = script.reply(
      subscribed,
      `{"id":${id},"method":"mining.authorize","params":["${user}","x"]}\n`,
      prng.integer(100, 2_000),
    );
    const authorized = script.reply(authorize, `{"id":${id++},"result":true,"error":null}\n`, serverThinkUs(prng));
    const baseDifficulty = operator.pick([1024, 8192, 16384, 65536]);
    const difficultySet = script.follow(
      authorized,
      `{"id":null,"method":"mining.set_difficulty","params":[${baseDifficulty}]}\n`,
      prng.integer(20, 400),
    );
    let jobId = prng.hex(operator.pick([4, 8, 12]));
    const ready = script.follow(difficultySet, notify(prng, habits, jobId, true), prng.integer(20, 400));

    const timeline: { atUs: number; kind: 'block' | 'template' | 'share' | 'retarget'; difficulty: number }[] =
      drawShares(prng, vardiff, durationUs).slice();
    const fanoutUs = prng.between(30_000, 600_000);
    for (const block of blocksBetween(BITCOIN, chainSeed, startUs, startUs + durationUs)) {
      timeline.push({ atUs: block - startUs + fanoutUs, kind: 'block', difficulty: 0 });
    }
    const periodUs = habits.templateSeconds * SECOND_US;
    for (let at = periodUs - (startUs % periodUs); at < durationUs; at += periodUs) {
      timeline.push({ atUs: at + fanoutUs, kind: 'template', difficulty: 0 });
    }
    timeline.sort((a, b) => a.atUs - b.atUs);

    let lastBlockUs = -SECOND_US;
    for (const event of timeline) {
      if (event.kind === 'share') {
        const rolled = versionRolling ? `,"${prng.hex(8)}"` : '';
        const submit = script.sayAfter(
          ready,
          event.atUs,
          `{"params":["${user}","${jobId}","${prng.hex(habits.extranonce2Bytes * 2)}","${prng.hex(8)}","${prng.hex(8)}"${rolled}],"id":${id},"method":"mining.submit"}\n`,
        );
        const stale = event.atUs - lastBlockUs < 300_000;
        const verdict = stale
          ? `"result":null,"error":[21,"Stale job",null]`
          : prng.chance(0.005)
            ? `"result":null,"error":[23,"Low difficulty share",null]`
            : `"result":true,"error":null`;
        script.reply(submit, `{"id":${id++},${verdict}}\n`, drawn(prng, 900, 0.6, 150, 40_000));
        continue;
      }
      if (event.kind === 'retarget') {
        const difficulty = Math.max(1, Math.round(baseDifficulty * event.difficulty));
        script.say('server', event.atUs, `{"id":null,"method":"mining.set_difficulty","params":[${difficulty}]}\n`);
      }
      if (event.kind === 'block') lastBlockUs = event.atUs;
      jobId = prng.hex(jobId.length);
      script.say('server', event.atUs + 60, notify(prng, habits, jobId, event.kind === 'block'));
    }
    return script.messages;
  },
};
