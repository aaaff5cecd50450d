/**
 * Market data over JSON-RPC: a subscription, then pushes of nearly one size at random times, and now and then an order with
 * a short confirmation. Statistically a pool's neighbour: pushes nobody asked for, small acknowledged requests, JSON.
 */
import { drawHttpClient } from '../http.ts';
import { type Dialogue, drawn, Script, SECOND_US, serverThinkUs } from '../message.ts';
import { frame, Opcode, upgrade } from '../websocket.ts';

export const tradingTicker: Dialogue = {
  name: 'trading-ticker',
  label: 'other',
  ports: [443, 8443, 9443],
  speaksHttp: true,
  play({ prng, operator, durationUs, host }) {
    const script = new Script();
    const framed = operator.chance(0.6);
    const fromServer = (text: string) => (framed ? frame(Opcode.Text, text, null) : `${text}\n`);
    const fromClient = (text: string) => (framed ? frame(Opcode.Text, text, prng) : `${text}\n`);
    const subscribe = fromClient(
      `{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"channel":"ticker","symbol":"${prng.pick(['EURUSD', 'XAUUSD', 'ACME'])}"}}`,
    );
    const asked = framed
      ? script.reply(upgrade(script, prng, drawHttpClient(prng), host, '/ws/v2'), subscribe, prng.integer(200, 9_000))
      : script.say('client', prng.integer(200, 4_000), subscribe);
    const welcome = script.reply(asked, fromServer('{"jsonrpc":"2.0","id":1,"result":true}'), serverThinkUs(prng));
    const meanUs = operator.pick([4, 8, 15, 25, 40]) * SECOND_US;
    const depth = operator.pick([0, 0, 0, 4, 8]); // book levels sent with each tick
    const price = () => prng.between(1, 99_999).toFixed(5);
    let tick = 1;
    for (let at = prng.exponential(meanUs); at < durationUs; at += prng.exponential(meanUs)) {
      const book = Array.from({ length: depth }, () => `["${price()}","${prng.integer(1, 5_000)}"]`).join(',');
      script.say(
        'server',
        at + SECOND_US,
        fromServer(
          `{"jsonrpc":"2.0","method":"ticker","params":{"bid":"${price()}","ask":"${price()}","last":"${price()}","volume":"${price()}","seq":${100_000 + tick++},"book":[${book}]}}`,
        ),
      );
    }
    if (operator.chance(0.7)) {
      const orderMeanUs = operator.pick([15, 30, 60, 180]) * SECOND_US;
      let id = 2;
      for (let at = prng.exponential(orderMeanUs); at < durationUs; at += prng.exponential(orderMeanUs)) {
        const order = script.sayAfter(
          welcome,
          at + SECOND_US,
          fromClient(
            `{"jsonrpc":"2.0","id":${id},"method":"order","params":{"side":"${prng.pick(['buy', 'sell'])}","price":"${price()}","quantity":${prng.integer(1, 900)},"signature":"${prng.hex(64)}"}}`,
          ),
        );
        script.reply(
          order,
          fromServer(`{"jsonrpc":"2.0","id":${id++},"result":{"status":"${prng.chance(0.97) ? 'OK' : 'REJECTED'}"}}`),
          drawn(prng, 1_500, 0.7, 200, 50_000),
        );
      }
    }
    return script.messages;
  },
};
