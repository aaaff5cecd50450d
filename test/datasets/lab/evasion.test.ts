import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { CATALOGUE } from '../../../datasets/lab/dialogue/catalogue.ts';
import type { Dialogue, DialogueContext, Message } from '../../../datasets/lab/dialogue/message.ts';
import { EVASIONS } from '../../../datasets/lab/evasion/catalogue.ts';
import { coalescing } from '../../../datasets/lab/evasion/coalescing.ts';
import { dummyTraffic } from '../../../datasets/lab/evasion/dummy-traffic.ts';
import type { Evasion, EvasionName, Settings } from '../../../datasets/lab/evasion/evasion.ts';
import { jitter } from '../../../datasets/lab/evasion/jitter.ts';
import { noSni } from '../../../datasets/lab/evasion/no-sni.ts';
import { padding } from '../../../datasets/lab/evasion/padding.ts';
import { drawEvasions, evadeMessages } from '../../../datasets/lab/evasion/plan.ts';
import { raisedDifficulty } from '../../../datasets/lab/evasion/raised-difficulty.ts';
import { randomNames } from '../../../datasets/lab/evasion/random-names.ts';
import { shortSessions } from '../../../datasets/lab/evasion/short-sessions.ts';

const DIALOGUES = Object.values(CATALOGUE)
  .flat()
  .map(({ value }) => value);
const named = (name: string) => DIALOGUES.find((dialogue) => dialogue.name === name)!;
const context = (seed: number): DialogueContext => ({
  prng: new Prng(seed),
  operator: new Prng(seed + 1_000),
  startUs: 10e6,
  durationUs: 900e6,
  host: 'eu1.river-works.example',
  chainSeed: 5,
});
const text = ({ bytes }: Message) => new TextDecoder().decode(bytes);
const digest = (messages: readonly Message[]) => {
  const hash = createHash('sha256');
  for (const { from, after, also = [], atUs, thinkUs, bytes } of messages)
    hash.update(`${from} ${after} ${also.join()} ${atUs} ${thinkUs} `).update(bytes);
  return hash.digest('hex');
};
const evade = (
  evasion: Evasion,
  dialogue: Dialogue,
  strength: number,
  seed: number,
  messages = dialogue.play(context(seed)),
) => evasion.messages!(messages, strength, new Prng(seed), dialogue);

const ONE_WAY_US = 40_000;

/** A slow and obvious network: every message leaves as soon as it may. Sending times; all must get their turn. */
function sendingTimes(messages: readonly Message[]): number[] {
  const sent: number[] = [];
  let left = messages.length;
  for (let before = -1; before !== left; ) {
    before = left;
    messages.forEach(({ from, atUs, after, thinkUs, also = [] }, i) => {
      const awaited = after < 0 ? also : [after, ...also];
      if (sent[i] !== undefined || awaited.some((index) => sent[index] === undefined)) return;
      const released = awaited.map(
        (index) => sent[index]! + (messages[index]!.from === from ? 0 : ONE_WAY_US) + thinkUs,
      );
      sent[i] = Math.max(atUs, ...released);
      left--;
    });
  }
  expect(left).toBe(0);
  return sent;
}

/** The messages with their number for bytes, so that they can be found again in what became of them. */
const numbered = (messages: readonly Message[]) =>
  messages.map((message, i) => ({ ...message, bytes: new Uint8Array(Uint32Array.of(i).buffer) }));

const MESSAGE_EVASIONS = EVASIONS.filter(({ messages }) => messages);
const SETTINGS: Settings = { host: 'eu1.river-works.example.com', sendsName: true, durationUs: 3_600e6, difficulty: 1 };

test.each(MESSAGE_EVASIONS.map((evasion) => [evasion.name, evasion] as const))(
  '%s of strength 0 changes not a byte and not a microsecond of any dialogue',
  (_name, evasion) => {
    for (const dialogue of DIALOGUES) {
      const messages = dialogue.play(context(1));
      expect(digest(evade(evasion, dialogue, 0, 1, messages))).toBe(digest(messages));
    }
  },
);

test('settings of strength 0 stay as they are, and of strength 1 are the strongest', () => {
  for (const evasion of EVASIONS) {
    if (evasion.settings) expect(evasion.settings(SETTINGS, 0, new Prng(1))).toEqual(SETTINGS);
  }
  expect(raisedDifficulty.settings!(SETTINGS, 1, new Prng(1)).difficulty).toBe(64);
  expect(raisedDifficulty.settings!(SETTINGS, 0.5, new Prng(1)).difficulty).toBe(8);
  expect(shortSessions.settings!(SETTINGS, 1, new Prng(1)).durationUs).toBe(60e6);
  expect(shortSessions.settings!({ ...SETTINGS, durationUs: 30e6 }, 1, new Prng(1)).durationUs).toBe(30e6);
  expect(noSni.settings!(SETTINGS, 1, new Prng(1)).sendsName).toBe(false);
  const { host } = randomNames.settings!(SETTINGS, 1, new Prng(1));
  expect(host).toMatch(/^[a-z]{3}\.[a-z]{5}-[a-z]{5}\.example\.com$/);
  expect(host).not.toContain('river');
});

test.each([
  ['jitter', jitter],
  ['coalescing', coalescing],
] as const)('%s: an answer never leaves before its question has arrived, and everything is said', (_name, evasion) => {
  for (const dialogue of DIALOGUES) {
    for (const seed of [1, 2, 3]) {
      const original = numbered(dialogue.play(context(seed)).slice(0, 400));
      const evaded = evade(evasion, dialogue, 1, seed, original);
      const sent = sendingTimes(evaded);
      const whereabouts: { write: number; place: number }[] = [];
      evaded.forEach(({ bytes, after, also = [] }, write) => {
        for (const index of [after, ...also]) expect(index).toBeLessThan(write);
        new Uint32Array(bytes.slice().buffer).forEach((i, place) => {
          whereabouts[i] = { write, place };
        });
      });
      expect(whereabouts.filter(Boolean).length).toBe(original.length);
      original.forEach(({ from, after, atUs }, i) => {
        const mine = whereabouts[i]!;
        expect(sent[mine.write]!).toBeGreaterThanOrEqual(atUs);
        if (after < 0) return;
        const awaited = whereabouts[after]!;
        const arrivesUs = sent[awaited.write]! + (original[after]!.from === from ? 0 : ONE_WAY_US);
        if (mine.write === awaited.write) expect(mine.place).toBeGreaterThan(awaited.place);
        else expect(sent[mine.write]!).toBeGreaterThanOrEqual(arrivesUs);
      });
    }
  }
});

test('jitter holds a miner up by seconds, keeps the order of each side, and grows with its strength', () => {
  const original = numbered(named('cryptonote').play(context(4)));
  const before = sendingTimes(original);
  const heldUs = (strength: number) => {
    const evaded = evade(jitter, named('cryptonote'), strength, 4, original);
    const after = sendingTimes(evaded);
    return after.reduce((sum, at, i) => sum + at - before[i]!, 0) / after.length;
  };
  expect(heldUs(1)).toBeGreaterThan(2e6);
  expect(heldUs(1)).toBeLessThan(12e6);
  expect(heldUs(0.2)).toBeLessThan(heldUs(1) / 2);
});

test('coalescing makes fewer and larger writes, the more so the stronger', () => {
  for (const name of ['ethproxy', 'stratum-v1', 'task-queue']) {
    const original = named(name).play(context(5));
    const total = (messages: readonly Message[]) => messages.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const [weak, strong] = [evade(coalescing, named(name), 0.2, 5), evade(coalescing, named(name), 1, 5)];
    expect(strong.length).toBeLessThan(weak.length);
    expect(weak.length).toBeLessThan(original.length);
    expect(total(strong)).toBe(total(original));
  }
});

test('writes never wait for each other', () => {
  const say = (from: 'client' | 'server', atUs: number, after: number, name: string): Message => ({
    from,
    atUs,
    after,
    thinkUs: 0,
    bytes: new TextEncoder().encode(name),
  });
  // d waits for c, which waits for b, which waits for a; e waits for nothing.
  const chain = [
    say('client', 0, -1, 'a'),
    say('server', 0, 0, 'b'),
    say('client', 0, 1, 'c'),
    say('server', 0, 2, 'd'),
    say('client', 1, -1, 'e'),
  ];
  expect(coalescing.messages!(chain, 1, new Prng(1), named('ethproxy')).map(text)).toEqual(['ae', 'b', 'c', 'd']);
  // Both sides speak at once and answer each other at once: the answers may not join what was said first.
  const crossed = [
    say('client', 0, -1, 'a'),
    say('server', 0, -1, 'b'),
    say('client', 0, 1, 'c'),
    say('server', 0, 0, 'd'),
  ];
  expect(coalescing.messages!(crossed, 1, new Prng(1), named('ethproxy')).map(text)).toEqual(['a', 'b', 'c', 'd']);
});

test('padding leaves JSON and HTTP readable; at strength 1 all lines are multiples of 1,024 or none is like another', () => {
  let bucketed = 0;
  let random = 0;
  for (const name of [
    'cryptonote',
    'stratum-zcash',
    'ethproxy',
    'ethereum-stratum-2',
    'task-queue',
    'getwork',
    'telemetry-beacon',
  ]) {
    for (const seed of [1, 2, 3, 4]) {
      const original = named(name).play(context(seed));
      const padded = evade(padding, named(name), 1, seed);
      expect(padded.length).toBe(original.length);
      padded.forEach((message, i) => {
        expect(message.bytes.length).toBeGreaterThanOrEqual(original[i]!.bytes.length);
        const [head = '', body = ''] = text(message).split('\r\n\r\n');
        if (text(message).startsWith('{')) for (const line of text(message).trimEnd().split('\n')) JSON.parse(line);
        else {
          for (const header of head.split('\r\n').slice(1)) expect(header).toMatch(/^[A-Za-z-]+: ?/);
          expect(body.length).toBe(Number(/Content-Length: (\d+)/.exec(head)?.[1] ?? 0));
        }
      });
      if (padded.every(({ bytes }) => bytes.length % 1_024 === 0)) bucketed++;
      else random++;
    }
  }
  expect(bucketed).toBeGreaterThan(6);
  expect(random).toBeGreaterThan(6);
});

test('padding lengthens ciphertext behind the handshake and leaves binary framings alone', () => {
  const padded = evade(padding, named('stratum-v2'), 1, 1);
  expect(padded.slice(0, 2).map(({ bytes }) => bytes.length)).toEqual([64, 234]);
  expect(padded.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeGreaterThan(padded.length * 200);
  const mqtt = named('mqtt-keepalive');
  expect(padding.suits({ dialogue: mqtt, sealed: true })).toBe(false);
  expect(digest(evade(padding, mqtt, 1, 1))).toBe(digest(mqtt.play(context(1))));
});

test('dummy traffic: about as many exchanges again at strength 1, half at one half, in lengths already seen, all JSON', () => {
  const dialogue = named('cryptonote');
  let [own, half, full] = [0, 0, 0];
  for (let seed = 0; seed < 20; seed++) {
    const original = dialogue.play(context(seed));
    const asked = (messages: readonly Message[]) => messages.filter(({ from }) => from === 'client').length;
    const evaded = evade(dummyTraffic, dialogue, 1, seed);
    expect(digest(evaded.slice(0, original.length))).toBe(digest(original));
    own += asked(original);
    half += asked(evade(dummyTraffic, dialogue, 0.5, seed)) - asked(original);
    full += asked(evaded) - asked(original);
    for (const message of evaded.slice(original.length)) expect(() => JSON.parse(text(message))).not.toThrow();
    sendingTimes(evaded);
  }
  expect(full / own).toBeGreaterThan(0.8);
  expect(full / own).toBeLessThan(1.2);
  expect(half / own).toBeGreaterThan(0.35);
  expect(half / own).toBeLessThan(0.65);
  expect(dummyTraffic.suits({ dialogue: named('https-browsing'), sealed: true })).toBe(false);
});

const lottery = (dialogue: Dialogue, share: number, scope: 'site' | 'session' = 'session') => {
  const counts = new Map<EvasionName, number>();
  for (let seed = 0; seed < 2_000; seed++) {
    for (const { name, strength } of drawEvasions(new Prng(seed), scope, { dialogue, sealed: true }, { share })) {
      expect(strength).toBeGreaterThan(0);
      expect(strength).toBeLessThanOrEqual(2 / 3 + 0.01);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return counts;
};

test('both labels evade by the same lottery; only raised difficulty is mining’s own, and names belong to sites', () => {
  const [miner, worker] = [lottery(named('cryptonote'), 0.3), lottery(named('task-queue'), 0.3)];
  expect([...miner.keys()].sort()).toEqual([...worker.keys(), 'raised-difficulty'].sort());
  for (const [name, count] of worker) {
    expect(count).toBeGreaterThan(60);
    expect(Math.abs(count - miner.get(name)!)).toBeLessThan(0.1 * count);
  }
  expect([...lottery(named('task-queue'), 0.3, 'site').keys()]).toEqual(['random-names']);
  expect(lottery(named('task-queue'), 0).size).toBe(0);
  const plain = drawEvasions(
    new Prng(1),
    'session',
    { dialogue: named('ethproxy'), sealed: false },
    { share: 1, names: ['no-sni'] },
  );
  expect(plain).toEqual([]);
});

test('evasions combine: the messages of all of them still find their turn, and a seed decides everything', () => {
  const active = (['dummy-traffic', 'padding', 'jitter', 'coalescing'] as const).map((name) => ({
    name,
    strength: 0.6,
  }));
  for (const dialogue of DIALOGUES) {
    const once = evadeMessages(dialogue.play({ ...context(7), durationUs: 300e6 }), active, new Prng(7), dialogue);
    expect(sendingTimes(once).every(Number.isFinite)).toBe(true);
    const again = evadeMessages(dialogue.play({ ...context(7), durationUs: 300e6 }), active, new Prng(7), dialogue);
    expect(digest(again)).toBe(digest(once));
  }
});
