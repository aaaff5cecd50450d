/**
 * Dummy traffic: requests that mean nothing, at random times, each with an answer, in the lengths of the session's own messages.
 * Strength 1 sends as many of them as the client says anything at all, which halves the share of real ones; the link of a miner
 * would bear far more, but no tool known does more. Only where a line or a frame can be put between others: not in HTTP.
 */
import type { Prng } from '../../../core/prng.ts';
import { type Dialogue, type Message, type Side, serverThinkUs } from '../dialogue/message.ts';
import { nominalTimes } from '../dialogue/schedule.ts';
import type { Evasion } from './evasion.ts';
import { kindOf, kindShares } from './filler.ts';

const encoder = new TextEncoder();

function dummy(prng: Prng, from: Side, id: number, length: number, opaque: boolean): Uint8Array {
  if (opaque) return prng.bytes(new Uint8Array(length));
  const head = from === 'client' ? `{"id":${id},"method":"noop","params":["` : `{"id":${id},"result":["`;
  const tail = ']}\n';
  return encoder.encode(`${head}${prng.hex(Math.max(0, length - head.length - tail.length - 1))}"${tail}`);
}

function isMostlyJson(messages: readonly Message[], dialogue: Dialogue): boolean {
  return messages.filter((message, i) => kindOf(message, i, dialogue) === 'json').length > messages.length / 2;
}

export const dummyTraffic: Evasion = {
  name: 'dummy-traffic',
  scope: 'session',
  suits({ dialogue }) {
    if (dialogue.mixedFormats) return true; // see `messages`
    const { json, opaque } = kindShares(dialogue);
    return json + opaque > 0.5;
  },
  messages(messages, strength, prng, dialogue) {
    if (strength === 0) return messages;
    if (dialogue.mixedFormats && !isMostlyJson(messages, dialogue)) return messages;
    const opaque = dialogue.opaqueFrom !== undefined;
    const begun = Math.max(
      dialogue.opaqueFrom ?? 0,
      messages.findIndex(({ from }) => from === 'server'),
    );
    const welcome = messages.findIndex(({ from }, i) => from === 'server' && i >= begun);
    if (welcome < 0) return messages;
    const spoken = { client: [] as number[], server: [] as number[] };
    for (const { from, bytes } of messages.slice(begun)) spoken[from].push(bytes.length);
    if (spoken.client.length === 0) return messages;
    const times = nominalTimes(messages);
    const untilUs = times.reduce((latest, at) => Math.max(latest, at), 0);
    const result = [...messages];
    const meanUs = (untilUs - times[welcome]!) / (strength * spoken.client.length);
    let id = 1_000; // out of the way of the real ones
    for (let at = times[welcome]! + prng.exponential(meanUs); at < untilUs; at += prng.exponential(meanUs)) {
      const ask = dummy(prng, 'client', id, prng.pick(spoken.client), opaque);
      const answer = dummy(prng, 'server', id++, prng.pick(spoken.server), opaque);
      const asked = result.push({ from: 'client', bytes: ask, atUs: at, after: welcome, thinkUs: 0 }) - 1;
      result.push({ from: 'server', bytes: answer, atUs: 0, after: asked, thinkUs: serverThinkUs(prng) });
    }
    return result;
  },
};
