/**
 * Long polling: the client asks, the server keeps the question until there is news or its patience ends, and the client asks
 * again at once (RFC 6202, section 2; 30 s is its recommended wait, up to 120 s are seen). News at random times makes the
 * answers look pushed: one size, exponential gaps, a small fixed request behind each.
 */
import { drawHttpClient, request, response } from '../http.ts';
import { drawServerHeaders } from '../http-habits.ts';
import { type Dialogue, drawn, letters, Script, SECOND_US, serverThinkUs } from '../message.ts';
import { broadcasts, poisson } from '../rhythm.ts';

export const longPolling: Dialogue = {
  name: 'long-polling',
  label: 'other',
  ports: [443, 8443, 80],
  speaksHttp: true,
  play({ prng, operator, startUs, durationUs, host, chainSeed }) {
    const script = new Script();
    const client = drawHttpClient(prng);
    const headers = drawServerHeaders(operator);
    const path = `/${letters(operator, operator.integer(3, 24))}/poll`;
    const patienceUs = operator.pick([20, 25, 30, 30, 55, 60, 90, 120]) * SECOND_US;
    const newsMeanUs = operator.pick([10, 20, 40, 120]) * SECOND_US;
    const newsBytes = operator.integer(60, 600);
    const spread = operator.pick([0, 0, 0.1, 0.8]);
    const empty = operator.pick(['[]', '{"events":[],"timeout":true}', '']);
    const news = operator.chance(0.4) // one room, one wall, one queue: all who wait are told at once
      ? broadcasts(`news${operator.uint32()}:${chainSeed}`, newsMeanUs, startUs, durationUs)
      : poisson(prng.fork('news'), newsMeanUs, durationUs);
    const token = letters(prng, prng.integer(12, 64));

    let cursor = prng.integer(10_000, 90_000);
    const ask = () => request(client, 'GET', host, `${path}?token=${token}&since=${cursor}`);
    let asked = script.say('client', prng.integer(200, 6_000), ask());
    let askedUs = 0;
    let next = 0;
    while (askedUs < durationUs) {
      const newsUs = news[next] ?? Number.POSITIVE_INFINITY;
      const told = newsUs < askedUs + patienceUs;
      const answerUs = told ? Math.max(askedUs, newsUs) : askedUs + patienceUs;
      if (told) {
        next++;
        cursor++;
      }
      const body = told
        ? `[{"id":${cursor},"data":"${letters(prng, drawn(prng, newsBytes, spread, 20, 6_000))}"}]`
        : empty;
      const answer = response(body ? '200 OK' : '204 No Content', 'application/json', body, headers);
      const answered = script.sayAfter(asked, answerUs, answer, serverThinkUs(prng));
      asked = script.reply(answered, ask(), drawn(prng, 2_000, 0.9, 100, 300_000));
      askedUs = answerUs + 50_000; // a round trip, about: only the transport knows better
    }
    return script.messages;
  },
};
