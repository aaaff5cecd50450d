/**
 * Ethash mining by polling, the `eth-proxy` dialect: eth_submitLogin, eth_getWork about every ten seconds, a hashrate report
 * about every twenty, and eth_submitWork when a share is found. On a public nanopool recording the polls were 81 bytes every
 * 10.0 s, the reports 148 every 20.0 s, work 243, shares 205 and acknowledgements 39; pushes of fresh work arrive besides.
 */
import type { Prng } from '../../../../core/prng.ts';
import { type Dialogue, drawn, Script, SECOND_US, serverThinkUs } from '../message.ts';
import { blocksBetween, ETHASH } from './blocks.ts';
import { drawShares, drawVardiff } from './shares.ts';

/** Header hash, seed hash, boundary: three 32-byte values; some pools add the height. */
function work(prng: Prng, id: number, height: boolean): string {
  const extra = height ? `,"0x${prng.hex(6)}"` : '';
  return `{"id":${id},"jsonrpc":"2.0","result":["0x${prng.hex(64)}","0x${prng.hex(64)}","0x${prng.hex(64)}"${extra}]}\n`;
}

export const ethproxy: Dialogue = {
  name: 'ethproxy',
  label: 'mining',
  ports: [9999, 4444, 14444, 8008],
  play({ prng, operator, startUs, durationUs, chainSeed }) {
    const script = new Script();
    const vardiff = drawVardiff(operator);
    const pushes = operator.chance(0.6);
    const height = operator.chance(0.3);
    const pollUs = prng.pick([10, 10, 10, 5, 15]) * SECOND_US;
    const reportUs = prng.chance(0.8) ? 2 * pollUs : 0;
    const worker = prng.chance(0.5) ? '' : `rig${prng.integer(1, 60)}`;
    const wallet = prng.hex(40);
    const rigId = prng.hex(64);

    const login = script.say(
      'client',
      prng.integer(200, 4_000),
      `{"worker": "${worker || 'eth1.0'}", "jsonrpc": "2.0", "params": ["0x${wallet}${worker && `.${worker}`}", "x"], "id": 2, "method": "eth_submitLogin"}\n`,
    );
    const welcome = script.reply(login, `{"id":2,"jsonrpc":"2.0","result":true}\n`, serverThinkUs(prng));
    const poll = (atUs: number) => {
      const ask = script.sayAfter(
        welcome,
        atUs,
        `{"worker": "${worker}", "jsonrpc": "2.0", "params": [], "id": 3, "method": "eth_getWork"}\n`,
      );
      script.reply(ask, work(prng, 3, height), drawn(prng, 800, 0.5, 100, 20_000));
    };
    // A timer on the miner: periods drift by the scheduler's few milliseconds, not by the network's jitter.
    for (let at = 0; at < durationUs; at += pollUs + prng.normal(0, 3_000)) poll(Math.max(0, at));
    if (reportUs > 0) {
      for (let at = reportUs; at < durationUs; at += reportUs + prng.normal(0, 3_000)) {
        const report = script.sayAfter(
          welcome,
          at,
          `{"id":6,"jsonrpc":"2.0","method":"eth_submitHashrate","params":["0x${prng.hex(7).padStart(8, '0')}","0x${rigId}"]${worker && `,"worker":"${worker}"`}}\n`,
        );
        script.reply(report, `{"id":6,"jsonrpc":"2.0","result":true}\n`, serverThinkUs(prng));
      }
    }
    if (pushes) {
      const fanoutUs = prng.between(30_000, 400_000);
      for (const block of blocksBetween(ETHASH, chainSeed, startUs, startUs + durationUs)) {
        script.say('server', block - startUs + fanoutUs + SECOND_US, work(prng, 0, height));
      }
    }
    for (const event of drawShares(prng, vardiff, durationUs)) {
      if (event.kind === 'retarget') continue; // the boundary inside the next work carries it
      const submit = script.sayAfter(
        welcome,
        event.atUs,
        `{"id":4,"method":"eth_submitWork","params":["0x${prng.hex(16)}","0x${prng.hex(64)}","0x${prng.hex(64)}"]${worker && `,"worker":"${worker}"`}}\n`,
      );
      const accepted = !prng.chance(0.012); // a share for the block before is refused; rare with fast polling
      script.reply(submit, `{"id":4,"jsonrpc":"2.0","result":${accepted}}\n`, drawn(prng, 900, 0.6, 150, 40_000));
    }
    return script.messages;
  },
};
