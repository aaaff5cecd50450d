/**
 * One file, or a few in a row: a small request and a long answer in large pieces. Log-normal sizes, as in files found on disks
 * (Downey, "The structural cause of file size distributions", 2001), their median some hundredths of the real one to ship.
 */
import { drawHttpClient, request, response } from '../http.ts';
import { drawServerHeaders } from '../http-habits.ts';
import { type Dialogue, drawn, letters, Script, SECOND_US } from '../message.ts';

/** A server reads the file and writes it piece by piece. */
const PIECE_BYTES = 8_192;

export const download: Dialogue = {
  name: 'download',
  label: 'other',
  ports: [443, 80],
  speaksHttp: true,
  play({ prng, operator, durationUs, host }) {
    const script = new Script();
    const medianBytes = operator.between(5_000, 30_000);
    const headers = drawServerHeaders(operator);
    const client = drawHttpClient(prng);
    const files = prng.pick([1, 1, 1, 2]);
    let at = prng.integer(300, 10_000);
    for (let file = 0; file < files && at < durationUs; file++) {
      const sizeBytes = drawn(prng, medianBytes, 0.9, 4_000, 90_000);
      const ask = script.say('client', at, request(client, 'GET', host, `/files/${letters(prng, 18)}.bin`));
      const filler = letters(prng, 997);
      const body = filler.repeat(Math.ceil(sizeBytes / filler.length)).slice(0, sizeBytes);
      const whole = response('200 OK', 'application/octet-stream', body, headers);
      let previous = script.reply(ask, whole.slice(0, PIECE_BYTES), drawn(prng, 8_000, 0.8, 500, 300_000));
      for (let from = PIECE_BYTES; from < whole.length; from += PIECE_BYTES) {
        previous = script.follow(
          previous,
          whole.slice(from, from + PIECE_BYTES),
          drawn(prng, 3_000, 0.8, 200, 200_000),
        );
      }
      at += prng.exponential(30 * SECOND_US);
    }
    return script.messages;
  },
};
