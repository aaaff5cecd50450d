/**
 * Ethash mining by polling, the `eth-proxy` dialect: eth_submitLogin, eth_getWork about every ten seconds, a hashrate report
 * about every twenty, and eth_submitWork when a share is found. On a public nanopool recording the polls were 81 bytes every
 * 10.0 s, the reports 148 every 20.0 s, work 243, shares 205 and acknowledgements 39; pushes of fresh work arrive besides, every
 * nine seconds, oftener than blocks, and reports were not answered.
 */
import { type Dialogue, drawn, Script, SECOND_US, serverThinkUs } from '../message.ts';
import { ETHASH } from './blocks.ts';
import { ethWork } from './eth-work.ts';
import { drawVardiff } from './shares.ts';
import { drawTimeline } from './timeline.ts';
import { checkShareUs } from './verdicts.ts';

export const ethproxy: Dialogue = {
  name: 'ethproxy',
  label: 'mining',
  ports: [9999, 4444, 14444, 8008],
  play(context) {
    const { prng, operator, durationUs } = context;
    const script = new Script();
    const vardiff = drawVardiff(operator);
    const pushes = operator.chance(0.6);
    const height = operator.chance(0.3);
    const answersReports = operator.chance(0.5);
    const templateSeconds = operator.pick([0, 0, 10, 20, 30]);
    const pollUs = prng.pick([10, 10, 10, 5, 15]) * SECOND_US;
    const reportUs = prng.chance(0.8) ? 2 * pollUs : 0;
    const worker = prng.chance(0.5) ? '' : `rig${prng.integer(1, 60)}`;
    const wallet = prng.hex(40);
    const rigId = prng.hex(64);
    const work = (id: number) => `{"id":${id},"jsonrpc":"2.0","result":${ethWork(prng, height)}}\n`;

    const login = script.say(
      'client',
      prng.integer(200, 4_000),
      `{"worker": "${worker || 'eth1.0'}", "jsonrpc": "2.0", "params": ["0x${wallet}${worker && `.${worker}`}", "x"], "id": 2, "method": "eth_submitLogin"}\n`,
    );
    const welcome = script.reply(login, `{"id":2,"jsonrpc":"2.0","result":true}\n`, serverThinkUs(prng));
    // A pool that pushes sends the first work with the welcome; the miner asks for it all the same.
    if (pushes) script.follow(welcome, work(0), prng.integer(20, 400));
    let untilUs = durationUs;
    for (const event of drawTimeline(context, { coin: ETHASH, vardiff, templateSeconds })) {
      // The boundary inside the next work carries a new target; the dialect has no other words.
      if (event.kind === 'dismissal') untilUs = event.atUs;
      if (event.kind === 'work' && pushes) script.followAt(welcome, event.atUs + SECOND_US, work(0));
      if (event.kind === 'share') {
        const submit = script.sayAfter(
          welcome,
          event.atUs,
          `{"id":4,"method":"eth_submitWork","params":["0x${prng.hex(16)}","0x${prng.hex(64)}","0x${prng.hex(64)}"]${worker && `,"worker":"${worker}"`}}\n`,
        );
        const result = event.verdict === 'accepted';
        script.reply(submit, `{"id":4,"jsonrpc":"2.0","result":${result}}\n`, checkShareUs(prng));
      }
    }
    // Timers on the miner: periods drift by the scheduler's few milliseconds, not by the network's jitter.
    for (let at = 0; at < untilUs; at += pollUs + prng.normal(0, 3_000)) {
      const ask = script.sayAfter(
        welcome,
        Math.max(0, at),
        `{"worker": "${worker}", "jsonrpc": "2.0", "params": [], "id": 3, "method": "eth_getWork"}\n`,
      );
      script.reply(ask, work(3), drawn(prng, 800, 0.5, 100, 20_000));
    }
    for (let at = reportUs; reportUs > 0 && at < untilUs; at += reportUs + prng.normal(0, 3_000)) {
      const report = script.sayAfter(
        welcome,
        at,
        `{"id":6,"jsonrpc":"2.0","method":"eth_submitHashrate","params":["0x${prng.hex(7).padStart(8, '0')}","0x${rigId}"]${worker && `,"worker":"${worker}"`}}\n`,
      );
      if (answersReports) script.reply(report, `{"id":6,"jsonrpc":"2.0","result":true}\n`, serverThinkUs(prng));
    }
    return script.messages;
  },
};
