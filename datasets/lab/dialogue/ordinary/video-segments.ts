/**
 * Streaming by segments (DASH, HLS): one request per segment of a few seconds, larger answers, a first burst to fill the buffer.
 * Segment lengths are the 2 to 10 s in use; sizes around a rung of the bit-rate ladder vary with the scene (log-normal, chosen).
 */
import { drawHttpClient, request, response } from '../http.ts';
import { drawServerHeaders } from '../http-habits.ts';
import { type Dialogue, drawn, letters, Script, SECOND_US } from '../message.ts';

export const videoSegments: Dialogue = {
  name: 'video-segments',
  label: 'other',
  ports: [443],
  speaksHttp: true,
  play({ prng, operator, durationUs, host }) {
    const script = new Script();
    const client = drawHttpClient(prng);
    const segmentUs = operator.pick([2, 4, 6, 10]) * SECOND_US;
    // About a hundredth of a real segment, so that the captures can ship; the rhythm is kept.
    const medianBytes = operator.between(1_200, 4_000);
    const headers = drawServerHeaders(operator);
    const segmentsMax = prng.integer(4, operator.integer(8, 60));
    const buffered = prng.integer(2, 3);
    let previous = -1;
    for (let i = 0; i < segmentsMax; i++) {
      const text = request(client, 'GET', host, `/v/seg-${String(i).padStart(5, '0')}.m4s`);
      const atUs = Math.max(0, i - buffered) * segmentUs + prng.normal(0, 30_000) + 50_000;
      if (atUs > durationUs) break;
      const ask =
        previous < 0
          ? script.say('client', Math.max(0, atUs), text)
          : script.sayAfter(previous, Math.max(0, atUs), text, prng.integer(500, 20_000));
      previous = script.reply(
        ask,
        response('200 OK', 'video/mp4', letters(prng, drawn(prng, medianBytes, 0.35, 600, 14_000)), headers),
        drawn(prng, 6_000, 0.7, 300, 200_000),
      );
    }
    return script.messages;
  },
};
