import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Prng } from '../../../../core/prng.ts';
import { nodeCiphers } from '../../../../features/ciphers-node.ts';
import { QuicConnection } from '../../../../features/protocol/quic/connection.ts';
import { type ClientHello, decodeClientHello } from '../../../../features/protocol/tls/client-hello.ts';
import { WHOLE_HELLOS } from '../../../../features/protocol/tls/hello-reader.ts';
import { decodeServerHello, type ServerHello } from '../../../../features/protocol/tls/server-hello.ts';
import { type Datagram, handshakeBytes } from '../../../oracle/quic-twin.ts';
import { dataPath, hasData, ipPackets } from '../pcap-helper.ts';
import { CLIENT_HELLO, concat, hex, message, SERVER_HELLO } from '../tls/hello-bytes.ts';
import { crypto, initial, opaque, V1, V2 } from './quic-bytes.ts';

const DCID = hex('8394c8f03e515708');
const ID = hex('c0ffee');
const SERVER_ID = hex('f067a5502a4262b5');

function twin(datagrams: readonly Datagram[], version = V1): [ClientHello | null, ServerHello | null] {
  const { client, server } = handshakeBytes(datagrams, version);
  return [body(client, decodeClientHello), body(server, decodeServerHello)];
}

/** The message that the bytes begin with, if it is whole. */
function body<T>(bytes: Uint8Array, decode: (bytes: Uint8Array, at: number, end: number) => T | null): T | null {
  if (bytes.length < 4) return null;
  const end = 4 + (bytes[1]! << 16) + (bytes[2]! << 8) + bytes[3]!;
  return end > bytes.length ? null : decode(bytes, 4, end);
}

function ours(datagrams: readonly Datagram[]): [ClientHello | null, ServerHello | null] {
  const quic = new QuicConnection(nodeCiphers, WHOLE_HELLOS, datagrams[0]!.side);
  for (const { side, bytes } of datagrams) {
    if (!quic.isOver) quic.datagram(side, bytes, 0, bytes.length, bytes.length);
  }
  return [quic.summary.client, quic.summary.server];
}

test('random connections, cut up, shuffled, repeated and damaged, are read as the slow way reads them', () => {
  const random = new Prng('quic twin');
  const whole = { client: 0, server: 0 };
  for (let round = 0; round < 250; round++) {
    const version = random.pick([V1, V2]);
    const client = cut(random, message(1, CLIENT_HELLO)).map((frames, number) => ({
      side: 0 as const,
      bytes: initial({
        version,
        keyDcid: DCID,
        scid: ID,
        frames,
        number,
        padTo: 1180,
        numberBytes: random.integer(1, 4),
      }),
    }));
    const server = cut(random, message(2, SERVER_HELLO)).map((frames, number) => {
      const packet = initial({ version, who: 'server', keyDcid: DCID, dcid: ID, scid: SERVER_ID, frames, number });
      return {
        side: 1 as const,
        bytes: random.chance(0.5) ? packet : concat(packet, opaque(version, 2, ID, SERVER_ID)),
      };
    });
    const flow: Datagram[] = [...shuffled(random, client), ...shuffled(random, server)];
    // The first id has to be seen undamaged by both.
    for (const { bytes } of flow.slice(1))
      if (random.chance(0.05)) bytes[random.integer(40, bytes.length - 1)]! ^= 0x55;
    if (random.chance(0.3)) flow.push(...shuffled(random, flow).slice(0, 2));
    const expected = twin(flow, version);
    expect(ours(flow)).toEqual(expected);
    if (expected[0] !== null) whole.client++;
    if (expected[1] !== null) whole.server++;
  }
  expect(Math.min(whole.client, whole.server)).toBeGreaterThan(100);
});

/** The frames of one to three packets that carry the message. */
function cut(random: Prng, bytes: Uint8Array): Uint8Array[] {
  const ends = [bytes.length, ...Array.from({ length: random.below(6) }, () => random.integer(1, bytes.length - 1))];
  const sorted = [...new Set(ends)].sort((a, b) => a - b);
  const frames = sorted.map((end, i) => crypto(sorted[i - 1] ?? 0, bytes.subarray(sorted[i - 1] ?? 0, end)));
  const packets: Uint8Array[][] = Array.from({ length: random.integer(1, 3) }, () => []);
  for (const frame of shuffled(random, frames)) {
    const filler = random.pick([hex(''), hex('01'), hex('000000'), hex('0205000101'), hex('02 07 00 01 00 01 02')]);
    random.pick(packets).push(filler, frame);
  }
  return packets.map((parts) => concat(hex('01'), ...parts, new Uint8Array(24)));
}

function shuffled<T>(random: Prng, items: readonly T[]): T[] {
  const left = [...items];
  return items.map(() => left.splice(random.below(left.length), 1)[0]!);
}

const MERCURY = 'oracle/mercury/unit_tests/pcaps';
const ZEEK = 'oracle/zeek/Traces/quic';

test.skipIf(!hasData(MERCURY) || !hasData(ZEEK))(
  'real connections of version 1 are read as the slow way reads them',
  () => {
    let read = 0;
    const captures = [MERCURY, ZEEK].flatMap((folder) =>
      readdirSync(dataPath(folder))
        .filter((name) => /quic|chromium|firefox|curl|merlin/.test(name) && /\.pcap/.test(name))
        .map((name) => `${folder}/${name}`),
    );
    for (const capture of captures) {
      for (const flow of connections(dataPath(capture))) {
        const [client, server] = twin(flow);
        const [mine, its] = ours(flow);
        if (client !== null) {
          read++;
          expect(mine, capture).toEqual(client);
        }
        if (server !== null) expect(its, capture).toEqual(server);
      }
    }
    expect(read).toBeGreaterThan(8);
  },
);

/** UDP conversations whose first datagram is an Initial of version 1 as long as a client's. */
function connections(path: string): Datagram[][] {
  const flows = new Map<string, Datagram[]>();
  for (const { protocol, isLaterFragment, view, source, destination, at, end } of ipPackets(path)) {
    if (protocol !== 17 || isLaterFragment || end - at < 40) continue;
    const from = `${source.join('.')} ${view.getUint16(at)}`;
    const to = `${destination.join('.')} ${view.getUint16(at + 2)}`;
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at + 8, end - at - 8).slice();
    const known = flows.get(`${from} ${to}`);
    if (known !== undefined) known.push({ side: 0, bytes });
    else if (flows.has(`${to} ${from}`)) flows.get(`${to} ${from}`)!.push({ side: 1, bytes });
    else flows.set(`${from} ${to}`, [{ side: 0, bytes }]);
  }
  const isInitial = ({ bytes }: Datagram) =>
    bytes.length >= 1200 && bytes[0]! >> 4 === 12 && bytes[4] === 1 && bytes[1] === 0;
  return [...flows.values()].filter((flow) => isInitial(flow[0]!));
}
