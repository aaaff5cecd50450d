import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { encodePcap } from '../../../datasets/lab/capture/pcap.ts';
import { playSession, type SessionPlan } from '../../../datasets/lab/capture/session.ts';
import type { Dialogue, Message } from '../../../datasets/lab/dialogue/message.ts';
import { openPlain } from '../../../datasets/lab/encapsulation/plain.ts';
import { drawPath } from '../../../datasets/lab/transport/path.ts';
import { drawStack } from '../../../datasets/lab/transport/stack.ts';
import { readPackets } from './read-pcap.ts';

const host = (last: number, port: number) => ({
  endpoint: { mac: Uint8Array.of(2, 0, 0, 0, 0, last), ip: Uint8Array.of(10, 0, 0, last), port },
  stack: { ...drawStack(new Prng(last)), keepAliveUs: 0 },
});

const plan = (messages: readonly Message[], more: Partial<SessionPlan> = {}): SessionPlan => ({
  dialogue: { name: 'test', label: 'other', ports: [80], play: () => messages } satisfies Dialogue,
  openChannel: async () => openPlain(),
  client: host(1, 40_000),
  server: host(2, 80),
  path: { ...drawPath(new Prng(1)), loss: 0 },
  host: 'www.example.com',
  startUs: 0,
  durationUs: 60e6,
  captureEndUs: 120e6,
  messagesMax: Number.POSITIVE_INFINITY,
  seed: 1,
  operatorSeed: 2,
  chainSeed: 3,
  visit: 0,
  difficulty: 1,
  evasions: [],
  ...more,
});

const say = (from: 'client' | 'server', atUs: number, after: number, text: string): Message => ({
  from,
  atUs,
  after,
  thinkUs: 0,
  bytes: new TextEncoder().encode(text),
});

async function payloads(session: SessionPlan): Promise<{ text: string; atUs: number }[]> {
  const { packets, encode } = await playSession(session);
  return readPackets(encodePcap(encode(packets), 0))
    .filter(({ payload }) => payload.length > 0)
    .map(({ payload, atUs }) => ({ text: new TextDecoder().decode(payload), atUs }));
}

test('a message that waits for several leaves when the last of them has arrived', async () => {
  const answer = { ...say('server', 0, 0, 'answer'), also: [1] };
  const seen = await payloads(plan([say('client', 0, -1, 'one'), say('client', 5e6, -1, 'two'), answer]));
  expect(seen.map(({ text }) => text)).toEqual(['one', 'two', 'answer']);
  expect(seen[2]!.atUs).toBeGreaterThan(seen[1]!.atUs);
});

test('evasions of a session act on its messages', async () => {
  const messages = [say('client', 0, -1, '{"a":1}\n'), say('server', 0, 0, '{"b":2}\n')];
  const padded = await payloads(plan(messages, { evasions: [{ name: 'padding', strength: 1 }] }));
  expect(padded.map(({ text }) => JSON.parse(text) as object)).toMatchObject([{ a: 1 }, { b: 2 }]);
  expect(padded.every(({ text }) => text.length > 8)).toBe(true);
  const late = await payloads(plan(messages, { evasions: [{ name: 'jitter', strength: 1 }] }));
  const prompt = await payloads(plan(messages));
  expect(late[1]!.atUs - prompt[1]!.atUs).toBeGreaterThan(500_000);
});
