import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { addressText } from '../../../datasets/lab/capture/address.ts';
import { joinOffloaded } from '../../../datasets/lab/capture/offload.ts';
import { encodePcap } from '../../../datasets/lab/capture/pcap.ts';
import type { Tap } from '../../../datasets/lab/capture/tap.ts';
import { Connection, type Host } from '../../../datasets/lab/transport/connection.ts';
import { drawPath, fromHost, type Path, roundTripUs } from '../../../datasets/lab/transport/path.ts';
import { drawStack, type Stack } from '../../../datasets/lab/transport/stack.ts';
import { type ReadPacket, readPackets, reassemble } from './read-pcap.ts';

const PLAIN: Partial<Stack> = {
  quickAck: false,
  ackEvery: 2,
  nagle: false,
  readStallUs: 0,
  windowBytes: 65_536,
  keepAliveUs: 0,
};
const CALM: Partial<Path> = { loss: 0, jitterUs: 0, reorder: 0 };
const host = (last: number, port: number, change: Partial<Stack>): Host => ({
  endpoint: { mac: Uint8Array.of(2, 0, 0, 0, 0, last), ip: Uint8Array.of(10, 0, 0, last), port },
  stack: { ...drawStack(new Prng(last)), ...PLAIN, ...change },
});

function play(
  seed: number,
  change: Partial<Path>,
  act: (connection: Connection, readyUs: number) => void,
  client: Partial<Stack> = {},
  server: Partial<Stack> = {},
  offload: Tap['offload'] = 'none',
) {
  const path = { ...drawPath(new Prng(seed)), ...change };
  const connection = new Connection(host(1, 40_000, client), host(2, 443, server), path, new Prng(seed));
  act(connection, connection.open(1_000));
  const seen = joinOffloaded(connection.packets(600e6), offload);
  const packets = readPackets(encodePcap(connection.encode(seen), 0));
  const up = packets.filter(({ srcPort }) => srcPort === 40_000);
  const dn = packets.filter(({ srcPort }) => srcPort === 443);
  return { path, packets, up, dn };
}

test('bytes arrive as they were written, in spite of losses', () => {
  let repeated = 0;
  for (let seed = 0; seed < 25; seed++) {
    const message = new Prng(seed).bytes(new Uint8Array(60_000));
    const { dn } = play(seed, { loss: 0.05 }, (connection, at) => {
      connection.send('client', at, message.subarray(0, 300));
      connection.send('server', at + 100_000, message);
    });
    expect(Buffer.compare(reassemble(dn) ?? new Uint8Array(0), message)).toBe(0);
    const seqs = dn.filter(({ payload }) => payload.length > 0).map(({ seq }) => seq);
    repeated += seqs.length - new Set(seqs).size;
  }
  expect(repeated).toBeGreaterThan(5);
});

test('the handshake takes one round trip and an answer never precedes its question', () => {
  const { path, packets } = play(1, { loss: 0, jitterUs: 0 }, (connection, at) => {
    const arrivesUs = connection.send('client', at, new Uint8Array(50));
    connection.send('server', arrivesUs, new Uint8Array(50));
  });
  expect(packets.slice(0, 3).map(({ flags }) => flags)).toEqual([0x02, 0x12, 0x10]);
  expect(Math.abs(packets[2]!.atUs - packets[0]!.atUs - roundTripUs(path))).toBeLessThan(200);
  const [question, answer] = packets.filter(({ payload }) => payload.length > 0);
  expect(question!.srcPort).toBe(40_000);
  expect(answer!.atUs - question!.atUs).toBeGreaterThanOrEqual(2 * path.farUs);
});

test('a lone segment is acknowledged late, a run of them every second one', () => {
  const { up } = play(2, { loss: 0, jitterUs: 0 }, (connection, at) => {
    connection.send('server', at, new Uint8Array(10 * 1_400));
    connection.send('server', at + 5e6, new Uint8Array(20));
  });
  const acks = up.filter(({ flags, payload }) => flags === 0x10 && payload.length === 0).slice(1);
  expect(acks.length).toBeGreaterThanOrEqual(5);
  expect(acks.length).toBeLessThanOrEqual(7);
});

test.each([false, true])(
  'after a pause a segment is acknowledged at once where a host does so (%s), and late in between',
  (quickAck) => {
    const { path, up, dn } = play(
      2,
      CALM,
      (connection, at) => {
        connection.send('server', at + 5e6, new Uint8Array(20));
        connection.send('server', at + 5.1e6, new Uint8Array(20));
      },
      { quickAck, delayedAckUs: 40_000 },
    );
    const waits = dn
      .filter(({ payload }) => payload.length > 0)
      .map(({ atUs }) => up.find((packet) => packet.atUs > atUs)!.atUs - atUs - 2 * path.nearUs);
    expect(waits.length).toBe(2);
    if (quickAck) expect(waits[0]).toBeLessThan(100);
    else expect(waits[0]).toBeGreaterThanOrEqual(39_000);
    expect(waits[1]).toBeGreaterThanOrEqual(39_000);
  },
);

test('on the sending host segments follow each other at once, and queue at the narrowest link', () => {
  const onHost = fromHost({ ...drawPath(new Prng(3)), ...CALM, segmentUs: 500 });
  const { up, dn } = play(3, onHost, (connection, at) => {
    connection.send('client', at, new Uint8Array(8 * 1_448));
  });
  const gaps = (packets: readonly ReadPacket[]) => packets.slice(1).map(({ atUs }, i) => atUs - packets[i]!.atUs);
  const data = gaps(up.filter(({ payload }) => payload.length > 0));
  expect(data.length).toBeGreaterThanOrEqual(7);
  expect(Math.max(...data)).toBeLessThanOrEqual(3);
  const acks = gaps(dn.filter(({ flags }) => flags === 0x10));
  expect(acks.length).toBeGreaterThanOrEqual(3);
  expect(Math.min(...acks.slice(0, 3))).toBeGreaterThanOrEqual(990);
});

test('an idle connection is probed, once per interval, only where a host has keep-alive on', () => {
  const idle = (connection: Connection, at: number) => {
    connection.send('client', at, new Uint8Array(20));
  };
  const probed = play(3, { loss: 0 }, idle, { keepAliveUs: 60e6 });
  expect(probed.packets.length - play(3, { loss: 0 }, idle).packets.length).toBe(2 * 9);
});

const data = (packets: readonly ReadPacket[]) => packets.filter(({ payload }) => payload.length > 0);

test('with Nagle a small write waits until the small one before it is acknowledged, and takes along what comes meanwhile', () => {
  const writes = (connection: Connection, at: number) => {
    connection.send('client', at, new Uint8Array(100).fill(1));
    connection.send('client', at + 1_000, new Uint8Array(50).fill(2));
    connection.send('client', at + 2_000, new Uint8Array(30).fill(3));
  };
  const delayedAckUs = 40_000;
  const off = play(5, CALM, writes, {}, { delayedAckUs });
  const on = play(5, CALM, writes, { nagle: true }, { delayedAckUs });
  expect(data(off.up).map(({ payload }) => payload.length)).toEqual([100, 50, 30]);
  expect(data(on.up).map(({ payload }) => payload.length)).toEqual([100, 80]);
  const [first, second] = data(on.up);
  expect(second!.atUs - first!.atUs).toBeGreaterThanOrEqual(roundTripUs(on.path) + delayedAckUs - 10);
  expect(reassemble(on.up)).toEqual(reassemble(off.up));
});

test('with Nagle full segments never wait, and neither does a small one when all before it is acknowledged', () => {
  const writes = (connection: Connection, at: number) => {
    connection.send('client', at, new Uint8Array(100));
    connection.send('client', at + 5e6, new Uint8Array(3 * 1_448));
    connection.send('client', at + 10e6, new Uint8Array(20));
  };
  const times = (nagle: boolean) => data(play(6, CALM, writes, { nagle }).up).map(({ atUs }) => atUs);
  expect(times(true)).toEqual(times(false));
});

test('a receiver that joins segments acknowledges many at once', () => {
  const bulk = (connection: Connection, at: number) => {
    connection.send('server', at, new Uint8Array(40 * 1_400));
  };
  const acks = (ackEvery: number) =>
    play(7, CALM, bulk, { ackEvery }).up.filter(({ flags, payload }) => flags === 0x10 && payload.length === 0).length;
  expect(acks(2)).toBeGreaterThanOrEqual(19);
  expect(acks(16)).toBeLessThan(8);
  expect(acks(16)).toBeGreaterThanOrEqual(3);
});

test('a receiver that does not read closes its window, is asked, opens it, and gets the rest', () => {
  const message = new Prng(8).bytes(new Uint8Array(50_000));
  const slow = { readStallUs: 2e6, windowBytes: 16_384, windowShift: 7 };
  const { up, dn } = play(8, CALM, (connection, at) => connection.send('server', at, message), slow);
  const closed = up.filter(({ window, flags }) => window === 0 && flags === 0x10);
  expect(closed.length).toBeGreaterThan(1);
  const shut = closed[0]!.atUs;
  const open = up.find(({ atUs, window }) => atUs > shut && window > 0)!.atUs;
  expect(data(dn).filter(({ atUs }) => atUs > shut && atUs < open)).toEqual([]);
  const probes = dn.filter(({ atUs, payload }) => payload.length === 0 && atUs > shut && atUs < open);
  expect(probes.length).toBeGreaterThan(0);
  expect(Buffer.compare(reassemble(dn)!, message)).toBe(0);
});

test('overtaken segments come late, are asked for, and nothing is sent twice', () => {
  let late = 0;
  let repeated = 0;
  for (let seed = 0; seed < 10; seed++) {
    const message = new Prng(seed).bytes(new Uint8Array(60_000));
    const reordering = { ...CALM, reorder: 0.1 };
    const { up, dn } = play(seed, reordering, (connection, at) => connection.send('server', at, message));
    const seqs = data(dn).map(({ seq }) => seq);
    expect(new Set(seqs).size).toBe(seqs.length);
    late += seqs.filter((seq, i) => i > 0 && ((seq - seqs[i - 1]!) | 0) < 0).length;
    const acks = up.slice(1).map(({ ack }) => ack);
    repeated += acks.filter((ack, i) => i > 0 && ack === acks[i - 1]).length;
    expect(Buffer.compare(reassemble(dn)!, message)).toBe(0);
  }
  expect(late).toBeGreaterThan(10);
  expect(repeated).toBeGreaterThan(late / 2); // the first early one may acknowledge what was still waiting for it
});

test('a host that captures sees what it sends before its card cuts it: frames of up to 64 KB, one way', () => {
  const message = new Prng(9).bytes(new Uint8Array(300_000));
  const both = (connection: Connection, at: number) => {
    connection.send('client', at, message);
    connection.send('server', at + 20e6, message);
  };
  const { up, dn } = play(9, { ...CALM, segmentUs: 12 }, both, {}, {}, 'sent');
  const longest = (packets: readonly ReadPacket[]) => Math.max(...packets.map(({ payload }) => payload.length));
  expect(longest(up)).toBeGreaterThan(30_000);
  expect(Math.max(...up.map(({ frame }) => frame.length))).toBeLessThan(65_536 + 14);
  expect(longest(dn)).toBeLessThanOrEqual(1_460);
  expect(Buffer.compare(reassemble(up)!, message)).toBe(0);
  expect(Buffer.compare(reassemble(dn)!, message)).toBe(0);
});

test('a session that begins before the clock does keeps its times', () => {
  const at = (startUs: number) => {
    const connection = new Connection(host(1, 40_000, {}), host(2, 443, {}), drawPath(new Prng(1)), new Prng(1));
    connection.send('client', connection.open(startUs), new Uint8Array(3_000));
    return connection.packets(600e6).map(({ tapUs }) => tapUs - startUs);
  };
  expect(at(-90e6)).toEqual(at(90e6));
});

test('an orderly end has two FINs, a broken one a RST and nothing after', () => {
  const closed = play(4, { loss: 0 }, (connection, at) => connection.finish('client', at)).packets;
  expect(closed.filter(({ flags }) => flags & 1).length).toBe(2);
  const reset = play(4, { loss: 0 }, (connection, at) => connection.reset('server', at)).packets;
  expect(reset[reset.length - 1]!.flags & 4).toBe(4);
});

test('IPv6 addresses are written in their canonical form', () => {
  const bytes = (groups: readonly number[]) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]));
  expect(addressText(bytes([0x2001, 0xdb8, 0, 0, 1, 0, 0, 1]))).toBe('2001:db8::1:0:0:1');
  expect(addressText(bytes([0x2001, 0xdb8, 3, 0, 5, 6, 7, 8]))).toBe('2001:db8:3:0:5:6:7:8');
  expect(addressText(bytes([1, 0, 0, 0, 0, 0, 0, 0]))).toBe('1::');
});
