/**
 * A person reading pages over HTTP/1.1: bursts of requests, each answered by a body of heavy-tailed size, then a pause to read.
 *
 * Log-normal bodies (sigma 1.318) after Barford and Crovella, "Generating representative web workloads" (SIGMETRICS 1998), their
 * median of 11.6 kB thinned to a tenth and less to keep captures small; reading times log-normal around 25 s, between the means
 * of 10 to 40 s that browsing studies report. Six requests in a row stand for the connections a browser opens side by side.
 */
import { drawHttpClient, request, response } from '../http.ts';
import { drawServerHeaders } from '../http-habits.ts';
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
    const headers = drawServerHeaders(operator);
    const pagesMax = prng.integer(1, operator.integer(3, 14));
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
        const body = letters(prng, drawn(prng, medianBody, 1.318, 60, 20_000));
        previous = script.reply(
          ask,
          response('200 OK', 'text/html', body, headers),
          drawn(prng, 12_000, 0.9, 500, 900_000),
        );
      }
      at += drawn(prng, 25 * SECOND_US, 0.9, SECOND_US, 900 * SECOND_US);
    }
    return script.messages;
  },
};
