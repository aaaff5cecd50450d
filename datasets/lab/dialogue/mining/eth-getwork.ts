/**
 * Ethash mining over HTTP, as the first Ethereum miners did against a node and some pools offered: eth_getWork and
 * eth_submitHashrate posted in turn on one kept connection, every second or so. On a public recording (pool.eth): polls of 239
 * bytes answered by 424, reports of 333 answered by 221, a round of both every 1.05 s.
 */
import { type Dialogue, Script, SECOND_US, serverThinkUs } from '../message.ts';
import { ETHASH } from './blocks.ts';
import { ethWork } from './eth-work.ts';
import { drawVardiff } from './shares.ts';
import { drawTimeline } from './timeline.ts';

/** A chunked answer of the web server in front of the pool. */
function answer(server: string, varies: boolean, body: string): string {
  return `HTTP/1.1 200 OK\r\nServer: ${server}\r\nDate: Tue, 04 Mar 2025 10:00:00 GMT\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n${varies ? 'Vary: Accept-Encoding\r\n' : ''}\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
}

export const ethGetwork: Dialogue = {
  name: 'eth-getwork',
  label: 'mining',
  ports: [80, 8545, 8888, 3333],
  speaksHttp: true,
  play(context) {
    const { prng, operator, durationUs, host } = context;
    const script = new Script();
    const vardiff = drawVardiff(operator);
    const varies = operator.chance(0.6);
    const server = operator.pick(['nginx', 'nginx/1.18.0', 'nginx/1.24.0 (Ubuntu)']);
    // The miner's --farm-recheck: half a second by default; a second and more where the pool asks for restraint.
    const pollUs = prng.pick([0.5, 1, 1, 2, 5]) * SECOND_US;
    const reports = prng.chance(0.8);
    const path = `/?miner=${prng.integer(1, 99)}@0x${prng.hex(40)}@rig${prng.integer(1, 60)}`;
    const rigId = prng.hex(64);
    const post = (body: string) =>
      `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: */*\r\nContent-Type: application/json\r\ncharsets: utf-8\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

    let last = -1;
    const ask = (atUs: number, body: string, result: string, pauseUs = prng.integer(300, 2_500)) => {
      const query =
        last < 0 ? script.say('client', atUs, post(body)) : script.sayAfter(last, atUs, post(body), pauseUs);
      last = script.reply(
        query,
        answer(server, varies, `{"id":1,"jsonrpc":"2.0","result":${result}}`),
        serverThinkUs(prng),
      );
    };
    let atUs = prng.integer(200, 4_000);
    let untilUs = durationUs;
    // The miner sleeps once a round is over: the period is the pause and two round trips.
    const round = () => {
      const work = '{"id":1,"jsonrpc":"2.0","method":"eth_getWork"}\n';
      const report = `{"id":1,"jsonrpc":"2.0","method":"eth_submitHashrate","params":["0x${prng.hex(7)}","0x${rigId}"]}\n`;
      if (reports) ask(atUs, report, 'true', pollUs);
      ask(atUs, work, ethWork(prng, false), reports ? undefined : pollUs);
      atUs += pollUs;
    };
    for (const event of drawTimeline(context, { coin: ETHASH, vardiff, templateSeconds: 0 })) {
      if (event.kind === 'dismissal') untilUs = event.atUs;
      if (event.kind !== 'share') continue;
      while (atUs < event.atUs) round();
      ask(
        event.atUs,
        `{"id":1,"jsonrpc":"2.0","method":"eth_submitWork","params":["0x${prng.hex(16)}","0x${prng.hex(64)}","0x${prng.hex(64)}"]}\n`,
        String(event.verdict === 'accepted'),
      );
    }
    while (atUs < untilUs) round();
    return script.messages;
  },
};
