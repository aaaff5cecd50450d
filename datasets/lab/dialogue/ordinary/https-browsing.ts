/**
 * A person reading pages: bursts of requests, each answered by a body of heavy-tailed size, then a pause to read. Log-normal
 * sizes and reading times are the usual first model; the medians are chosen small to keep the shipped captures small.
 */
import { drawHttpClient, request, response } from '../http.ts';
import { type Dialogue, drawn, letters, Script, SECOND_US } from '../message.ts';

export const httpsBrowsing: Dialogue = {
  name: 'https-browsing',
  label: 'other',
  ports: [443],
  speaksHttp: true,
  play({ prng, operator, durationUs, host }) {
    const script = new Script();
    const client = drawHttpClient(prng);
    const medianBody = operator.between(300, 1_300);
    const pagesMax = prng.integer(1, 5);
    let at = prng.integer(300, 20_000);
    for (let page = 0; page < pagesMax && at < durationUs; page++) {
      let previous = -1;
      const requests = 1 + Math.min(6, Math.floor(prng.exponential(1.7)));
      for (let i = 0; i < requests; i++) {
        const text = request(client, 'GET', host, `/${letters(prng, drawn(prng, 24, 0.7, 3, 160))}`);
        const ask =
          previous < 0
            ? script.say('client', at, text)
            : script.reply(previous, text, drawn(prng, 15_000, 1, 200, 400_000));
        const body = letters(prng, drawn(prng, medianBody, 1, 60, 9_000));
        previous = script.reply(ask, response('200 OK', 'text/html', body), drawn(prng, 12_000, 0.9, 500, 900_000));
      }
      at += drawn(prng, 25 * SECOND_US, 0.9, SECOND_US, 900 * SECOND_US);
    }
    return script.messages;
  },
};
