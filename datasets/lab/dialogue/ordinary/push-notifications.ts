/**
 * A phone or desktop waiting for notifications: long silence, a small ping from time to time, now and then a message and its
 * ack. Messages are independent of the client (Poisson), or sent to everybody at once where the service is one channel. Ping
 * periods span those in use, tens of seconds to minutes; message rates and sizes are chosen, rates high so that short captures
 * show some.
 */
import { type Dialogue, drawn, letters, Script, SECOND_US, serverThinkUs } from '../message.ts';
import { broadcasts, poisson, timer } from '../rhythm.ts';

/** Binary messages with a short header, in the manner of the mobile push services: a type, a length, an opaque body. */
function envelope(type: number, body: string): Uint8Array {
  const bytes = new Uint8Array(3 + body.length);
  bytes[0] = type;
  bytes[1] = body.length >> 8;
  bytes[2] = body.length & 255;
  for (let i = 0; i < body.length; i++) bytes[3 + i] = body.charCodeAt(i);
  return bytes;
}

export const pushNotifications: Dialogue = {
  name: 'push-notifications',
  label: 'other',
  ports: [5223, 443, 5228],
  play({ prng, operator, startUs, durationUs, chainSeed }) {
    const script = new Script();
    const pingUs = operator.pick([30, 45, 60, 120, 240]) * SECOND_US;
    const pingBody = operator.integer(0, 24);
    const medianNote = operator.between(180, 700);
    const fixedNote = operator.chance(0.3); // a service that pads its messages to one size
    const hello = script.say('client', prng.integer(200, 5_000), envelope(2, letters(prng, prng.integer(180, 420))));
    const welcome = script.reply(hello, envelope(3, letters(prng, prng.integer(20, 90))), serverThinkUs(prng));
    for (const at of timer(prng.fork('ping'), pingUs, 50_000, durationUs)) {
      const ping = script.sayAfter(welcome, at, envelope(0, letters(prng, pingBody)));
      script.reply(ping, envelope(1, letters(prng, pingBody)), serverThinkUs(prng));
    }
    const meanUs = operator.pick([20, 40, 90, 240]) * SECOND_US;
    const ackBytes = operator.integer(4, 40);
    const notes = operator.chance(0.35)
      ? broadcasts(`channel${operator.uint32()}:${chainSeed}`, meanUs, startUs, durationUs)
      : poisson(prng.fork('notes'), meanUs, durationUs);
    for (const at of notes) {
      const length = fixedNote ? Math.round(medianNote) : drawn(prng, medianNote, 0.5, 60, 3_000);
      const note = script.follow(welcome, envelope(8, letters(prng, length)), 0, at);
      script.reply(note, envelope(7, letters(prng, ackBytes)), drawn(prng, 3_000, 0.7, 200, 200_000));
    }
    return script.messages;
  },
};
