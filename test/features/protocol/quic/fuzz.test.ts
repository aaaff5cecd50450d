import { expect, test } from 'vitest';
import { Prng } from '../../../../core/prng.ts';
import { nodeCiphers } from '../../../../features/ciphers-node.ts';
import { PIECES_LIMITS } from '../../../../features/protocol/pieces.ts';
import { QuicConnection } from '../../../../features/protocol/quic/connection.ts';
import { visitFrames } from '../../../../features/protocol/quic/frames.ts';
import { GooglePacket, readGoogleHello } from '../../../../features/protocol/quic/google.ts';
import { LongHeader } from '../../../../features/protocol/quic/long-header.ts';
import { readParameters } from '../../../../features/protocol/quic/transport-parameters.ts';
import { Framing } from '../../../../features/protocol/quic/versions.ts';
import { WHOLE_HELLOS } from '../../../../features/protocol/tls/hello-reader.ts';
import { CLIENT_HELLO, concat, hex, message, SERVER_HELLO } from '../tls/hello-bytes.ts';
import { mutate } from '../tls/mutate.ts';
import { chlo, publicPacket } from './google-bytes.ts';
import { crypto, initial, negotiation, opaque, retry, V1, V2 } from './quic-bytes.ts';

const DCID = hex('8394c8f03e515708');
const ID = hex('c0ffee');
const CLIENT = message(1, CLIENT_HELLO);
const CLOSE = hex('1c 4178 06 05 616c657274');
const FRAMES = [
  concat(crypto(0, CLIENT), new Uint8Array(20)),
  concat(
    crypto(60, CLIENT.subarray(60)),
    hex('01 0205000101 03 05 00 00 01 01 02 03'),
    crypto(0, CLIENT.subarray(0, 60)),
  ),
  concat(hex('0200000000'), crypto(0, message(2, SERVER_HELLO)), CLOSE),
];
const DATAGRAMS: readonly (readonly [0 | 1, Uint8Array])[] = [
  [0, initial({ keyDcid: DCID, scid: ID, frames: FRAMES[0]!, padTo: 1180 })],
  [0, initial({ keyDcid: DCID, scid: ID, frames: FRAMES[1]!, padTo: 1180, version: V2, number: 7 })],
  [1, initial({ who: 'server', keyDcid: DCID, dcid: ID, scid: hex('f067a5502a4262b5'), frames: FRAMES[2]! })],
  [1, retry(V1, ID, hex('0102030405060708'))],
  [1, negotiation(ID, DCID, 1, 0x6b3343cf)],
  [0, opaque(V1, 1, DCID, ID, 300)],
  [0, publicPacket('Q043', chlo({ 'SNI\0': 'www.example.org', UAID: 'agent' }))],
];

test('changed datagrams never throw, never read past their end, and cost no more than the limits allow', () => {
  const random = new Prng('quic fuzz');
  let read = 0;
  for (let round = 0; round < 1500; round++) {
    const flow = Array.from({ length: random.integer(1, 6) }, () => {
      const [side, seed] = random.pick(DATAGRAMS);
      const bytes = random.chance(0.5) ? mutate(random, seed) : seed;
      return { side, bytes, captured: random.chance(0.2) ? random.below(bytes.length + 1) : bytes.length };
    });
    const [one, other] = [0xff, 0].map((behind) => {
      const connection = new QuicConnection(nodeCiphers, WHOLE_HELLOS, 0);
      for (const { side, bytes, captured } of flow) {
        const shown = concat(bytes.subarray(0, captured), new Uint8Array(64).fill(behind));
        connection.datagram(side, shown, 0, captured, bytes.length);
        expect(connection.bytes).toBeLessThan(4096 + 2 * PIECES_LIMITS.bytes);
      }
      return connection.summary;
    });
    expect(one).toEqual(other);
    if (one!.client !== null) read++;
  }
  expect(read).toBeGreaterThan(200);
});

test('changed frames, parameters and hellos of Google never throw and never read past their end', () => {
  const random = new Prng('quic frames fuzz');
  const parameters = hex('0408ffffffffffffffff05048000ffff01048000753071290561676e7432 1b00 c0ffee1234567890 01aa');
  const googleHello = chlo({ PAD: 'x'.repeat(40), 'SNI\0': 'www.example.org', UAID: 'agent' });
  for (let round = 0; round < 4000; round++) {
    const frames = mutate(random, random.pick(FRAMES));
    const isCut = random.chance(0.3);
    const framing = random.chance(0.5) ? Framing.Ietf : Framing.Google;
    const said: string[] = [];
    const visitor = {
      crypto: (offset: number, bytes: Uint8Array, at: number, end: number) => {
        expect(offset >= 0 && at <= end && end <= bytes.length).toBe(true);
        said.push(`${offset} ${end - at}`);
      },
      close: (error: number) => said.push(`close ${error}`),
    };
    visitFrames(frames, framing, isCut, visitor);
    for (const [seed, decode] of [
      [
        parameters,
        (bytes: Uint8Array, end: number) => [readParameters(bytes, 0, end, false), readParameters(bytes, 0, end, true)],
      ],
      [googleHello, (bytes: Uint8Array, end: number) => readGoogleHello(bytes, 0, end)],
      [
        DATAGRAMS[6]![1],
        (bytes: Uint8Array, end: number) => {
          const packet = new GooglePacket();
          return packet.read(bytes, 0, end) ? [packet.version, packet.hello(bytes, end)] : null;
        },
      ],
      [
        DATAGRAMS[random.below(6)]![1].subarray(0, 80),
        (bytes: Uint8Array, end: number) => {
          const header = new LongHeader();
          return header.read(bytes, 0, end, end + 1200) ? { ...header } : null;
        },
      ],
    ] as const) {
      const bytes = mutate(random, seed);
      const [a, b] = [0xff, 0].map((fill) => concat(bytes, new Uint8Array(64).fill(fill)));
      expect(decode(a!, bytes.length)).toEqual(decode(b!, bytes.length));
    }
  }
});
