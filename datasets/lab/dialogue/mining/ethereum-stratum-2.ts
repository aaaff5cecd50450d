/**
 * EthereumStratum/2.0.0 (EIP-1571): nothing is said twice. Seed, target and extranonce are set once and only changes are
 * repeated, hex has no prefix and no leading zeros, an acknowledgement is `{"id":31}`: the shortest lines of all dialects.
 */
import type { Prng } from '../../../../core/prng.ts';
import { type Dialogue, Script, SECOND_US, serverThinkUs } from '../message.ts';
import { ETHASH } from './blocks.ts';
import { drawVardiff } from './shares.ts';
import { drawTimeline, type Verdict, Work } from './timeline.ts';
import { checkShareUs } from './verdicts.ts';

const AGENTS = ['ethminer-0.19.0', 'ethminer-0.17', 'nsfminer-1.3.14'];
const NODES = [
  'Geth/v1.10.26-stable-e5eb32ac/linux-amd64/go1.18.5',
  'CoreGeth/v1.12.20/linux-amd64/go1.21',
  'Besu/v23.1',
];
/** Codes of the proposal: 2xx accepted with a remark, 4xx refused. */
const ERRORS: Readonly<Record<Exclude<Verdict, 'accepted'>, string>> = {
  stale: '{"code":202,"message":"Stale"}',
  duplicate: '{"code":409,"message":"Duplicate nonce"}',
  low: '{"code":406,"message":"Bad nonce"}',
};

interface PoolHabits {
  readonly extranonceDigits: number;
  readonly resumes: boolean;
  /** Seconds without a word from the miner after which the pool may hang up. */
  readonly timeoutSeconds: number;
  readonly node: string;
}

function drawHabits(operator: Prng): PoolHabits {
  return {
    extranonceDigits: operator.pick([4, 6]),
    resumes: operator.chance(0.5),
    timeoutSeconds: operator.pick([60, 120, 180]), // 180 is the example of the proposal
    node: operator.pick(NODES),
  };
}

export const ethereumStratum2: Dialogue = {
  name: 'ethereum-stratum-2',
  label: 'mining',
  ports: [3353, 4444, 5555, 8008],
  play(context) {
    const { prng, operator, durationUs, host, visit = 0 } = context;
    const habits = drawHabits(operator);
    const vardiff = drawVardiff(operator);
    const script = new Script();
    const target = () => `0${prng.hex(57)}`;
    let block = prng.integer(9_000_000, 20_000_000);
    const notify = (jobId: string, clean: boolean) =>
      `{"method":"mining.notify","params":["${jobId}","${block.toString(16)}","${prng.hex(64)}","${clean ? 1 : 0}"]}\n`;

    const hello = script.say(
      'client',
      prng.integer(200, 4_000),
      `{"id":0,"method":"mining.hello","params":{"agent":"${prng.pick(AGENTS)}","host":"${host}","port":"d19","proto":"EthereumStratum/2.0.0"}}\n`,
    );
    const welcome = script.reply(
      hello,
      `{"id":0,"result":{"proto":"EthereumStratum/2.0.0","encoding":"plain","resume":"${habits.resumes ? 1 : 0}","timeout":"${habits.timeoutSeconds.toString(16)}","maxerrors":"5","node":"${habits.node}"}}\n`,
      serverThinkUs(prng),
    );
    const session = `s-${prng.hex(10)}`;
    const resumed = visit > 0 && habits.resumes;
    const subscribe = script.reply(
      welcome,
      resumed
        ? `{"id":1,"method":"mining.subscribe","params":"${session}"}\n`
        : '{"id":1,"method":"mining.subscribe"}\n',
      prng.integer(100, 2_000),
    );
    let last = script.reply(subscribe, `{"id":1,"result":"${session}"}\n`, serverThinkUs(prng));
    const worker = `w-${prng.hex(3)}`;
    if (!resumed) {
      // A resumed session keeps its workers and settings; a new one is given all four of them.
      const authorize = script.reply(
        last,
        `{"id":2,"method":"mining.authorize","params":["0x${prng.hex(40)}.rig${prng.integer(1, 60)}","x"]}\n`,
        prng.integer(100, 2_000),
      );
      const authorized = script.reply(authorize, `{"id":2,"result":"${worker}"}\n`, serverThinkUs(prng));
      last = script.follow(
        authorized,
        `{"method":"mining.set","params":{"epoch":"${prng.hex(3)}","target":"${target()}","algo":"ethash","extranonce":"${prng.hex(habits.extranonceDigits)}"}}\n`,
        prng.integer(20, 400),
      );
    }
    const firstId = prng.hex(8);
    const ready = script.follow(last, notify(firstId, true), prng.integer(20, 400));
    const work = new Work(firstId, ready);
    const announce = (atUs: number, clean: boolean) => {
      const jobId = prng.hex(8);
      work.replace(jobId, script.followAt(ready, atUs, notify(jobId, clean)));
    };

    let id = 3;
    let untilUs = durationUs;
    let heardUs = 0;
    // mining.noop, before the pool takes the miner for lost: at two thirds of its patience, as its users set it; chosen.
    const quietUs = (habits.timeoutSeconds * SECOND_US * 2) / 3;
    const noops = (toUs: number) => {
      for (heardUs += quietUs; heardUs < toUs; heardUs += quietUs) {
        script.reply(
          script.sayAfter(ready, heardUs, `{"id":${id},"method":"mining.noop"}\n`),
          `{"id":${id}}\n`,
          serverThinkUs(prng),
        );
        id++;
      }
      heardUs = toUs;
    };
    for (const event of drawTimeline(context, { coin: ETHASH, vardiff, templateSeconds: 0 })) {
      if (event.kind === 'work') {
        block++;
        announce(event.atUs, event.clean);
      }
      if (event.kind === 'share') {
        noops(event.atUs);
        const on = work.of(event.late);
        const submit = script.sayAfter(
          on.message,
          event.atUs,
          `{"id":${id},"method":"mining.submit","params":["${on.id}","${prng.hex(16 - habits.extranonceDigits)}","${worker}"]}\n`,
        );
        const verdict =
          event.verdict === 'accepted' ? `{"id":${id}}\n` : `{"id":${id},"error":${ERRORS[event.verdict]}}\n`;
        script.reply(submit, verdict, checkShareUs(prng));
        id++;
      }
      if (event.kind === 'target') {
        script.followAt(ready, event.atUs, `{"method":"mining.set","params":{"target":"${target()}"}}\n`);
        announce(event.atUs + 60, false);
      }
      if (event.kind === 'notice') {
        script.followAt(
          ready,
          event.atUs,
          `{"method":"mining.set","params":{"extranonce":"${prng.hex(habits.extranonceDigits)}"}}\n`,
        );
        announce(event.atUs + 60, false);
      }
      if (event.kind === 'dismissal') {
        untilUs = event.atUs;
        noops(untilUs);
        script.followAt(
          ready,
          event.atUs,
          `{"method":"mining.reconnect","params":{"host":"${host}","port":"d19","resume":"1"}}\n`,
        );
      }
    }
    if (heardUs < untilUs) noops(untilUs);
    const reportUs = prng.pick([0, 60, 120]) * SECOND_US;
    for (let at = reportUs; reportUs > 0 && at < untilUs; at += reportUs + prng.normal(0, 3_000)) {
      const report = script.sayAfter(
        ready,
        at,
        `{"id":7,"method":"mining.hashrate","params":["${prng.hex(7)}","${worker}"]}\n`,
      );
      script.reply(report, '{"id":7}\n', serverThinkUs(prng));
    }
    return script.messages;
  },
};
