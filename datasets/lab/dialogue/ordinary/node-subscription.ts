/**
 * An exchange or an indexer subscribed to an Ethereum-like node over a WebSocket (`eth_subscribe`): a header pushed at every
 * block, at the instant miners of the same chain get new work, or pending transactions at random; a call in answer to some of
 * them. Chain data without mining, from the same clock.
 *
 * Header fields and their lengths are those of the JSON-RPC specification (512 hexadecimal digits of bloom filter among them);
 * how often it calls is chosen.
 */
import type { Prng } from '../../../../core/prng.ts';
import { drawHttpClient } from '../http.ts';
import { type Dialogue, drawn, Script, SECOND_US, serverThinkUs } from '../message.ts';
import { blocksBetween, ETHASH } from '../mining/blocks.ts';
import { inOrder, poisson, timer } from '../rhythm.ts';
import { frame, Opcode, upgrade } from '../websocket.ts';

/** Some gateways leave the bloom filter and the roots out. */
function blockHeader(prng: Prng, height: number, whole: boolean): string {
  const hash = () => `"0x${prng.hex(64)}"`;
  const short = `"number":"0x${height.toString(16)}","hash":${hash()},"parentHash":${hash()},"timestamp":"0x${prng.hex(8)}"`;
  if (!whole) return `{${short}}`;
  return `{${short},"sha3Uncles":${hash()},"logsBloom":"0x${prng.hex(512)}","transactionsRoot":${hash()},"stateRoot":${hash()},"receiptsRoot":${hash()},"miner":"0x${prng.hex(40)}","difficulty":"0x${prng.hex(13)}","extraData":"0x${prng.hex(32)}","gasLimit":"0x${prng.hex(7)}","gasUsed":"0x${prng.hex(6)}","mixHash":${hash()},"nonce":"0x${prng.hex(16)}"}`;
}

export const nodeSubscription: Dialogue = {
  name: 'node-subscription',
  label: 'other',
  ports: [8546, 443, 8443],
  speaksHttp: true,
  play({ prng, operator, startUs, durationUs, host, chainSeed }) {
    const script = new Script();
    const framed = operator.chance(0.75); // else JSON lines, as over a socket or a gateway
    const down = (json: string) => (framed ? frame(Opcode.Text, json, null) : `${json}\n`);
    const up = (json: string) => (framed ? frame(Opcode.Text, json, prng) : `${json}\n`);
    const topic = operator.pick(['newHeads', 'newHeads', 'newHeads', 'newPendingTransactions']);
    const whole = operator.chance(0.6);
    const callChance = operator.pick([0, 0.1, 0.5, 1]);
    const pendingMeanUs = operator.pick([5, 10, 20]) * SECOND_US;
    const pingUs = operator.pick([15, 30, 54]) * SECOND_US;
    let height = operator.integer(15_000_000, 15_500_000);
    let id = 1;

    const subscribe = `{"jsonrpc":"2.0","id":${id},"method":"eth_subscribe","params":["${topic}"]}`;
    const asked = framed
      ? script.reply(upgrade(script, prng, drawHttpClient(prng), host, '/ws'), up(subscribe), prng.integer(200, 8_000))
      : script.say('client', prng.integer(200, 4_000), up(subscribe));
    const subscription = prng.hex(32);
    const ready = script.reply(
      asked,
      down(`{"jsonrpc":"2.0","id":${id++},"result":"0x${subscription}"}`),
      serverThinkUs(prng),
    );
    const push = (result: string) =>
      down(
        `{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"0x${subscription}","result":${result}}}`,
      );

    const lagUs = prng.between(50_000, 800_000); // gossip between nodes, then validation
    const events = inOrder({
      block:
        topic === 'newHeads'
          ? blocksBetween(ETHASH, chainSeed, startUs, startUs + durationUs).map((at) => at - startUs + lagUs)
          : [],
      pending: topic === 'newHeads' ? [] : poisson(prng.fork('pending'), pendingMeanUs, durationUs),
      ping: framed ? timer(prng.fork('ping'), pingUs, 20_000, durationUs) : [],
    });
    for (const { kind, atUs } of events) {
      if (kind === 'ping') {
        script.reply(
          script.follow(ready, frame(Opcode.Ping, '', null), 0, atUs),
          frame(Opcode.Pong, '', prng),
          prng.integer(100, 2_000),
        );
        continue;
      }
      const told = script.follow(
        ready,
        push(kind === 'block' ? blockHeader(prng, ++height, whole) : `"0x${prng.hex(64)}"`),
        0,
        atUs,
      );
      if (!prng.chance(callChance)) continue;
      const call = `{"jsonrpc":"2.0","id":${id},"method":"eth_getBalance","params":["0x${prng.hex(40)}","latest"]}`;
      const query = script.reply(told, up(call), drawn(prng, 8_000, 0.9, 300, SECOND_US));
      script.reply(query, down(`{"jsonrpc":"2.0","id":${id++},"result":"0x${prng.hex(16)}"}`), serverThinkUs(prng));
    }
    return script.messages;
  },
};
