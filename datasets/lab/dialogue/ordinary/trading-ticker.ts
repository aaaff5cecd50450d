/**
 * Market data over JSON-RPC: a subscription, then pushes of nearly one size at random times, and now and then an order with
 * a short confirmation. Statistically a pool's neighbour: pushes nobody asked for, small acknowledged requests, JSON.
 *
 * Trades and orders are Poisson, the standard first model of an order book (Cont, Stoikov and Talreja, "A stochastic model for
 * order book dynamics", 2010); a price is a random walk, so its digits hardly change in number. All subscribers of a venue hear
 * the same trades at the same instants. Rates are those of a quiet symbol, chosen to bracket a pool's.
 */
import { drawHttpClient } from '../http.ts';
import { type Dialogue, drawn, Script, SECOND_US, serverThinkUs } from '../message.ts';
import { broadcasts, poisson } from '../rhythm.ts';
import { frame, Opcode, upgrade } from '../websocket.ts';

export const tradingTicker: Dialogue = {
  name: 'trading-ticker',
  label: 'other',
  ports: [443, 8443, 9443],
  speaksHttp: true,
  play({ prng, operator, startUs, durationUs, host, chainSeed }) {
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
    const decimals = operator.pick([2, 4, 5]);
    const seconds = operator.chance(0.5); // venues that stamp every tick
    let level = operator.logNormal(180, 2);
    const price = () => {
      level *= Math.exp(prng.normal(0, 2e-4));
      return level.toFixed(decimals);
    };
    const ticks = operator.chance(0.6)
      ? broadcasts(`venue${operator.uint32()}:${chainSeed}`, meanUs, startUs, durationUs)
      : poisson(prng.fork('ticks'), meanUs, durationUs); // a feed that conflates for each subscriber
    let tick = 1;
    for (const at of ticks) {
      const book = Array.from({ length: depth }, () => `["${price()}","${prng.integer(1, 5_000)}"]`).join(',');
      const stamp = seconds ? `,"ts":${1_741_000_000 + Math.floor((startUs + at) / SECOND_US)}` : '';
      script.follow(
        welcome,
        fromServer(
          `{"jsonrpc":"2.0","method":"ticker","params":{"bid":"${price()}","ask":"${price()}","last":"${price()}","volume":"${price()}","seq":${100_000 + tick++}${stamp},"book":[${book}]}}`,
        ),
        0,
        at,
      );
    }
    if (operator.chance(0.7)) {
      const orderMeanUs = operator.pick([15, 30, 60, 180]) * SECOND_US;
      let id = 2;
      for (const at of poisson(prng.fork('orders'), orderMeanUs, durationUs)) {
        const order = script.sayAfter(
          welcome,
          at,
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
