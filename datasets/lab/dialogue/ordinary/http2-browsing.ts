/**
 * A person reading pages over one HTTP/2 connection: the page, then its parts asked for side by side, whose answers return
 * in an order of their own.
 *
 * Shapes after Barford and Crovella, "Generating representative web workloads" (SIGMETRICS 1998): log-normal bodies, Pareto
 * numbers of embedded files (index 2.43) and reading times (1 s, index 1.5). Bodies are a tenth of their median, so that
 * captures stay small. Silence between pages is filled by the keep-alive PING of some browsers (45 s).
 */
import { bytesOf, filler } from '../bytes.ts';
import type { Header } from '../hpack.ts';
import { BROWSERS, dataFrames, Http2Session, pingFrame, pongFrame, windowUpdate } from '../http2.ts';
import { type Dialogue, drawn, letters, Script, SECOND_US, serverThinkUs } from '../message.ts';

const PING_AFTER_US = 45 * SECOND_US;
/** A client gives window back once about half a megabyte has come; in a thinned capture, sooner. */
const RETURN_WINDOW_BYTES = 32_768;

export const http2Browsing: Dialogue = {
  name: 'http2-browsing',
  label: 'other',
  ports: [443, 8443],
  speaksHttp: true,
  play({ prng, operator, durationUs, host }) {
    const script = new Script();
    const session = new Http2Session(prng.pick(BROWSERS), operator);
    const opened = session.open(script, prng);
    const medianBody = operator.between(300, 1_500);
    const pagesMax = operator.integer(3, 14);
    const serverName = operator.pick(['nginx', 'cloudflare', 'Apache', 'gws', 'AmazonS3']);
    const cacheHeader = `max-age=${operator.pick([0, 300, 3_600, 86_400, 31_536_000])}`;
    const pings = prng.chance(0.4);
    const cookie = prng.chance(0.6) ? `sid=${letters(prng, prng.integer(24, 300))}` : '';
    let unreturnedBytes = 0;

    const fetch = (atUs: number, path: string, after: number): number => {
      const headers: Header[] = [
        [':method', 'GET'],
        [':authority', host],
        [':scheme', 'https'],
        [':path', path],
        ['user-agent', session.agent],
        ['accept', '*/*'],
        ['accept-language', 'en-US,en;q=0.9'],
        ['accept-encoding', 'gzip, deflate'],
      ];
      const { stream, bytes } = session.request(cookie ? [...headers, ['cookie', cookie]] : headers, true);
      const sent = after === opened ? script.follow(after, bytes, 0, atUs) : script.sayAfter(after, atUs, bytes);
      const body = filler(prng, drawn(prng, medianBody, 1.318, 40, 30_000));
      const head = session.answer(
        stream,
        [
          [':status', '200'],
          ['server', serverName],
          ['cache-control', cacheHeader],
          ['content-type', path.endsWith('/') ? 'text/html' : 'application/javascript'],
          ['content-length', String(body.length)],
        ],
        false,
      );
      const answered = script.reply(
        sent,
        bytesOf(head, dataFrames(stream, body, true)),
        drawn(prng, 12_000, 0.9, 500, 900_000),
      );
      unreturnedBytes += body.length;
      if (unreturnedBytes > RETURN_WINDOW_BYTES) {
        script.reply(answered, windowUpdate(0, unreturnedBytes), prng.integer(50, 2_000));
        unreturnedBytes = 0;
      }
      return answered;
    };

    let at = prng.integer(300, 20_000);
    for (let page = 0; page < pagesMax && at < durationUs; page++) {
      const document = fetch(at, `/${letters(prng, drawn(prng, 14, 0.7, 2, 90))}/`, opened);
      const parts = Math.min(12, Math.floor(prng.pareto(1, 2.43)) - 1 + prng.below(3));
      let askedUs = at + drawn(prng, 60_000, 0.6, 5_000, 900_000);
      for (let part = 0; part < parts; part++) {
        askedUs += prng.integer(100, 4_000); // streams are numbered in the order they open
        fetch(askedUs, `/a/${letters(prng, prng.integer(8, 40))}.js`, document);
      }
      const nextUs = at + Math.min(1_200, 5 * prng.pareto(1, 1.5)) * SECOND_US;
      for (let ping = at + PING_AFTER_US; pings && ping < Math.min(nextUs, durationUs); ping += PING_AFTER_US) {
        const opaque = filler(prng, 8);
        script.reply(script.follow(opened, pingFrame(opaque), 0, ping), pongFrame(opaque), serverThinkUs(prng));
      }
      at = nextUs;
    }
    return script.messages;
  },
};
