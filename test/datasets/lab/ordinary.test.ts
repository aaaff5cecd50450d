import { expect, test } from 'vitest';
import type { Dialogue } from '../../../datasets/lab/dialogue/message.ts';
import { amqpSession } from '../../../datasets/lab/dialogue/ordinary/amqp-session.ts';
import { ORDINARY } from '../../../datasets/lab/dialogue/ordinary/catalogue.ts';
import { dnsOverTls } from '../../../datasets/lab/dialogue/ordinary/dns-over-tls.ts';
import { electrumWallet } from '../../../datasets/lab/dialogue/ordinary/electrum-wallet.ts';
import { gameHeartbeat } from '../../../datasets/lab/dialogue/ordinary/game-heartbeat.ts';
import { jitteredBeacon } from '../../../datasets/lab/dialogue/ordinary/jittered-beacon.ts';
import { languageServer } from '../../../datasets/lab/dialogue/ordinary/language-server.ts';
import { longPolling } from '../../../datasets/lab/dialogue/ordinary/long-polling.ts';
import { postgresSession } from '../../../datasets/lab/dialogue/ordinary/postgres-session.ts';
import { redisSession } from '../../../datasets/lab/dialogue/ordinary/redis-session.ts';
import { vpnStream } from '../../../datasets/lab/dialogue/ordinary/vpn-stream.ts';
import { playOut, session, streamOf } from './conduct.ts';

const SEEDS = Array.from({ length: 16 }, (_, seed) => seed);
const ascii = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
const each = ORDINARY.map(({ value }) => [value.name, value] as const);

/** Both directions of many sessions. */
function* streams(dialogue: Dialogue): Generator<Uint8Array> {
  for (const seed of SEEDS) for (const from of ['client', 'server'] as const) yield streamOf(dialogue, seed, from);
}

test.each(each)('%s: an hour is affordable, so that ten thousand of them are', (_name, dialogue) => {
  const counts = SEEDS.map((seed) => session(dialogue, seed).length);
  const bytes = SEEDS.map((seed) => session(dialogue, seed).reduce((sum, message) => sum + message.bytes.length, 0));
  expect(Math.max(...counts)).toBeLessThan(5_000);
  expect(counts.reduce((sum, count) => sum + count, 0) / SEEDS.length).toBeLessThan(2_000);
  expect(Math.max(...bytes)).toBeLessThan(4e6);
});

test.each(each)('%s: the same session at another site has other sizes', (name, dialogue) => {
  const shapes = SEEDS.map((site) =>
    playOut(session(dialogue, 1, site))
      .slice(0, 60)
      .map(({ from, bytes }) => `${from}${bytes}`)
      .join(),
  );
  // Padding is there to make resolvers look the same, and does.
  const least = name === 'dns-over-tls' ? 0.2 : 0.8;
  expect(new Set(shapes).size).toBeGreaterThan(least * SEEDS.length);
});

test.each(each)('%s is labelled ordinary and named once', (name, dialogue) => {
  expect(dialogue.label).toBe('other');
  expect(each.filter(([other]) => other === name).length).toBe(1);
});

test('AMQP streams are frames from end to end, heartbeats of eight bytes among them', () => {
  let heartbeats = 0;
  for (const stream of streams(amqpSession)) {
    const view = new DataView(stream.buffer, stream.byteOffset, stream.length);
    let at = ascii(stream.subarray(0, 4)) === 'AMQP' ? 8 : 0;
    while (at < stream.length) {
      const length = view.getUint32(at + 3);
      expect(stream[at + 7 + length]).toBe(0xce);
      if (stream[at] === 8) heartbeats++;
      at += 8 + length;
    }
    expect(at).toBe(stream.length);
  }
  expect(heartbeats).toBeGreaterThan(1_000);
});

test('DNS messages parse, and padded ones fill their blocks', () => {
  let padded = 0;
  let asked = 0;
  for (const seed of SEEDS) {
    for (const { from, content } of playOut(session(dnsOverTls, seed))) {
      const view = new DataView(content.buffer, content.byteOffset, content.length);
      const length = view.getUint16(0);
      expect(length).toBe(content.length - 2);
      expect(view.getUint16(6)).toBe(1); // one question
      expect(view.getUint16(12)).toBe(1); // one OPT record
      if (from === 'client') asked++;
      if (length % (from === 'client' ? 128 : 468) === 0) padded++;
    }
  }
  expect(padded).toBeGreaterThan(asked);
});

test('PostgreSQL streams are messages from end to end, and every statement ends in ReadyForQuery', () => {
  for (const seed of SEEDS) {
    const count = (from: 'client' | 'server', type: string) => {
      const stream = streamOf(postgresSession, seed, from);
      const view = new DataView(stream.buffer, stream.byteOffset, stream.length);
      let found = 0;
      let at = from === 'client' ? view.getUint32(0) : 0; // the start-up message has no type
      while (at < stream.length) {
        if (String.fromCharCode(stream[at]!) === type) found++;
        at += 1 + view.getUint32(at + 1);
      }
      expect(at).toBe(stream.length);
      return found;
    };
    const standby = count('server', 'W') > 0;
    const asked = count('client', 'S') + count('client', 'Q');
    // One for the start-up; the stream of a standby never ends, and the last answer may fall outside the hour.
    expect(Math.abs(count('server', 'Z') - (asked + (standby ? 0 : 1)))).toBeLessThanOrEqual(1);
    expect(count('server', 'R')).toBe(4);
  }
});

test('Redis commands are arrays of bulk strings whose lengths are right', () => {
  let commands = 0;
  for (const seed of SEEDS) {
    const text = ascii(streamOf(redisSession, seed, 'client'));
    for (let at = 0; at < text.length; commands++) {
      const words = /^\*(\d+)\r\n/.exec(text.slice(at, at + 10))!;
      at += words[0].length;
      for (let word = 0; word < Number(words[1]); word++) {
        const length = /^\$(\d+)\r\n/.exec(text.slice(at, at + 10))!;
        at += length[0].length + Number(length[1]);
        expect(text.slice(at, at + 2)).toBe('\r\n');
        at += 2;
      }
    }
  }
  expect(commands).toBeGreaterThan(1_000);
});

test('a language server and its editor speak JSON-RPC in frames of the length they announce', () => {
  for (const stream of streams(languageServer)) {
    const text = ascii(stream);
    let messages = 0;
    for (let at = 0; at < text.length; messages++) {
      const head = /^Content-Length: (\d+)\r\n\r\n/.exec(text.slice(at, at + 40))!;
      at += head[0].length;
      expect(JSON.parse(text.slice(at, at + Number(head[1])))).toMatchObject({ jsonrpc: '2.0' });
      at += Number(head[1]);
    }
    expect(messages).toBeGreaterThan(10);
  }
});

test('a wallet and its server speak JSON lines, and a pushed header is about as long as a job', () => {
  const pushes: number[] = [];
  for (const stream of streams(electrumWallet)) {
    for (const line of ascii(stream).trimEnd().split('\n')) {
      const { method, params } = JSON.parse(line) as { method?: string; params?: { hex?: string }[] };
      if (method === 'blockchain.headers.subscribe' && params?.[0]?.hex) pushes.push(line.length);
    }
  }
  expect(pushes.length).toBeGreaterThan(100);
  expect(Math.min(...pushes)).toBeGreaterThan(220);
  expect(Math.max(...pushes)).toBeLessThan(290); // 253 bytes in the recording of a Monero pool
});

test('game packets and tunnelled packets are as long as they say', () => {
  for (const [dialogue, headBytes] of [
    [gameHeartbeat, 0],
    [vpnStream, 2],
  ] as const) {
    for (const stream of streams(dialogue)) {
      const view = new DataView(stream.buffer, stream.byteOffset, stream.length);
      let at = 0;
      while (at < stream.length) at += headBytes + view.getUint16(at);
      expect(at).toBe(stream.length);
    }
  }
});

test('an idle WireGuard or OpenVPN tunnel is mostly keep-alives of one size', () => {
  const shares = SEEDS.map((seed) => {
    const seen = playOut(session(vpnStream, seed));
    const smallest = Math.min(...seen.map(({ bytes }) => bytes));
    return seen.filter(({ bytes }) => bytes === smallest).length / seen.length;
  });
  expect(Math.max(...shares)).toBeGreaterThan(0.5);
});

test('a long poll is answered before the next is asked, and never later than the longest patience', () => {
  for (const seed of SEEDS) {
    const seen = playOut(session(longPolling, seed));
    for (let i = 1; i < seen.length; i++) {
      expect(seen[i]!.from).not.toBe(seen[i - 1]!.from);
      expect(seen[i]!.atUs - seen[i - 1]!.atUs).toBeLessThan(121e6);
    }
  }
});

test('check-ins of a beacon come no later than its sleep, and some beacons hardly jitter while others do', () => {
  const spreads = SEEDS.map((seed) => {
    const seen = playOut(session(jitteredBeacon, seed)).filter(({ from }) => from === 'client');
    const mode = seen[1]!.bytes;
    const times = seen.filter(({ bytes }) => bytes === mode).map(({ atUs }) => atUs);
    const gaps = times
      .slice(2)
      .map((at, i) => at - times[i + 1]!)
      .sort((a, b) => a - b);
    expect(gaps[gaps.length >> 1]!).toBeLessThanOrEqual(120e6);
    return (gaps[Math.floor(0.9 * gaps.length)]! - gaps[Math.floor(0.1 * gaps.length)]!) / gaps[gaps.length >> 1]!;
  });
  expect(Math.min(...spreads)).toBeLessThan(0.02);
  expect(Math.max(...spreads)).toBeGreaterThan(0.25);
});
