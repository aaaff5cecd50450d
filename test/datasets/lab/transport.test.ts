import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { addressText } from '../../../datasets/lab/capture/address.ts';
import { encodePcap } from '../../../datasets/lab/capture/pcap.ts';
import { Connection, type Host } from '../../../datasets/lab/transport/connection.ts';
import { drawPath, type Path, roundTripUs } from '../../../datasets/lab/transport/path.ts';
import { drawStack } from '../../../datasets/lab/transport/stack.ts';
import { readPackets, reassemble } from './read-pcap.ts';

const host = (last: number, port: number, keepAliveUs = 0): Host => ({
  endpoint: { mac: Uint8Array.of(2, 0, 0, 0, 0, last), ip: Uint8Array.of(10, 0, 0, last), port },
  stack: { ...drawStack(new Prng(last)), keepAliveUs },
});

function play(
  seed: number,
  change: Partial<Path>,
  act: (connection: Connection, readyUs: number) => void,
  keepAliveUs = 0,
) {
  const path = { ...drawPath(new Prng(seed)), ...change };
  const connection = new Connection(host(1, 40_000, keepAliveUs), host(2, 443), path, new Prng(seed));
  act(connection, connection.open(1_000));
  const packets = readPackets(encodePcap(connection.frames(600e6), 0));
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

test('an idle connection is probed, once per interval, only where a host has keep-alive on', () => {
  const idle = (connection: Connection, at: number) => {
    connection.send('client', at, new Uint8Array(20));
  };
  expect(play(3, { loss: 0 }, idle, 60e6).packets.length - play(3, { loss: 0 }, idle).packets.length).toBe(2 * 9);
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
