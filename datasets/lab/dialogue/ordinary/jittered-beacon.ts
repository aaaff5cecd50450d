/**
 * An implant checking in with its command-and-control server over HTTPS: a fixed sleep shortened by a random share of itself,
 * a request of one size carrying metadata, an answer of one size saying there is nothing to do. Not mining, and it must not be
 * called mining: the label is `other`.
 *
 * The shape is the one that malleable profiles of the well-known frameworks describe: sleep time and jitter in per cent, a
 * 128-byte RSA block of metadata in a cookie (172 characters in base64), an answer padded by the profile, output in a POST. How often there
 * is a task, and how long, is chosen.
 */
import type { Prng } from '../../../../core/prng.ts';
import { bytesOf, filler, u32 } from '../bytes.ts';
import { drawHttpClient, request, response } from '../http.ts';
import { drawServerHeaders } from '../http-habits.ts';
import { type Dialogue, drawn, letters, Script, SECOND_US, serverThinkUs } from '../message.ts';
import { jitteredSleep } from '../rhythm.ts';

interface Profile {
  readonly sleepUs: number;
  /** Largest share of the sleep that is taken off. */
  readonly jitter: number;
  readonly http: boolean;
  /** Of the check-in where there is no HTTP. */
  readonly checkInBytes: number;
  readonly idleBytes: number;
  readonly taskChance: number;
  readonly path: string;
  readonly headers: string;
}

function drawProfile(operator: Prng): Profile {
  return {
    sleepUs: operator.pick([5, 10, 20, 30, 60, 60, 90, 120]) * SECOND_US,
    jitter: operator.pick([0, 0.1, 0.2, 0.37, 0.5, 0.9]),
    http: operator.chance(0.75),
    checkInBytes: 16 * operator.integer(3, 12),
    idleBytes: operator.pick([0, 0, 48, 200, 730]),
    taskChance: operator.pick([0, 0.01, 0.05]),
    path: `/${letters(operator, operator.integer(4, 40))}`,
    headers: drawServerHeaders(operator),
  };
}

/** Length, then sealed bytes: what implants without HTTP speak. */
const sealed = (prng: Prng, length: number) => bytesOf(u32(length), filler(prng, length));

export const jitteredBeacon: Dialogue = {
  name: 'jittered-beacon',
  label: 'other',
  ports: [443, 8443, 8080, 4444],
  speaksHttp: true,
  play({ prng, operator, durationUs, host }) {
    const script = new Script();
    const profile = drawProfile(operator);
    const { agent } = drawHttpClient(prng);
    // Metadata is sealed once and repeated: the request has one length for the life of the implant.
    const metadata = { agent, cookie: `${letters(operator, 5)}=${letters(prng, 172)}` };
    const checkIn = () =>
      profile.http ? request(metadata, 'GET', host, profile.path) : sealed(prng, profile.checkInBytes);
    const order = (length: number) =>
      profile.http
        ? response('200 OK', 'application/octet-stream', letters(prng, length), profile.headers)
        : sealed(prng, length + 16);

    let free = -1; // the answer after which the connection is free again
    for (const atUs of [0, ...jitteredSleep(prng.fork('sleep'), profile.sleepUs, profile.jitter, durationUs)]) {
      const asked =
        free < 0 ? script.say('client', prng.integer(200, 5_000), checkIn()) : script.sayAfter(free, atUs, checkIn());
      const busy = prng.chance(profile.taskChance);
      const taskBytes = busy ? drawn(prng, 180, 0.9, 48, 6_000) : 0;
      free = script.reply(asked, order(profile.idleBytes + taskBytes), serverThinkUs(prng));
      if (!busy) continue;
      const output = letters(prng, drawn(prng, 600, 1.2, 60, 12_000));
      const result = profile.http
        ? request(metadata, 'POST', host, `${profile.path}/${letters(prng, 8)}`, output)
        : sealed(prng, output.length);
      const posted = script.reply(free, result, drawn(prng, 900_000, 1, 50_000, 20 * SECOND_US));
      free = script.reply(posted, order(0), serverThinkUs(prng));
    }
    return script.messages;
  },
};
