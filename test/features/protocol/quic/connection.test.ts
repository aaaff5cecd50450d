import { describe, expect, test } from 'vitest';
import { nodeCiphers } from '../../../../features/ciphers-node.ts';
import { looksLikeQuic, QuicConnection } from '../../../../features/protocol/quic/connection.ts';
import { QUIC_LIMITS } from '../../../../features/protocol/quic/limits.ts';
import type { ClientHello } from '../../../../features/protocol/tls/client-hello.ts';
import { WHOLE_HELLOS } from '../../../../features/protocol/tls/hello-reader.ts';
import type { ServerHello } from '../../../../features/protocol/tls/server-hello.ts';
import { CLIENT_HELLO, concat, hex, message, SERVER_HELLO } from '../tls/hello-bytes.ts';
import { crypto, DRAFT_29, initial, negotiation, opaque, retry, V1, V2 } from './quic-bytes.ts';

const DCID = hex('8394c8f03e515708');
const OTHER = hex('0102030405060708090a');
const SERVER_ID = hex('f067a5502a4262b5');
const CLIENT_ID = hex('c0ffee');
const CLIENT = message(1, CLIENT_HELLO);
const SERVER = message(2, SERVER_HELLO);
const HANDSHAKE = 2;
const ZERO_RTT = 1;

type Connection = QuicConnection<ClientHello, ServerHello>;

function connection(firstSender: 0 | 1 = 0): Connection {
  return new QuicConnection(nodeCiphers, WHOLE_HELLOS, firstSender);
}

function give(to: Connection, side: 0 | 1, datagram: Uint8Array, captured = datagram.length): void {
  // What lies around the datagram must not matter.
  const bytes = concat(new Uint8Array(7).fill(0xff), datagram.subarray(0, captured), new Uint8Array(64).fill(0xff));
  to.datagram(side, bytes, 7, 7 + captured, 7 + datagram.length);
}

function clientInitial(frames: Uint8Array, parts: Partial<Parameters<typeof initial>[0]> = {}): Uint8Array {
  return initial({ keyDcid: DCID, scid: CLIENT_ID, frames, padTo: 1180, ...parts });
}

function serverInitial(frames: Uint8Array, parts: Partial<Parameters<typeof initial>[0]> = {}): Uint8Array {
  return initial({ who: 'server', keyDcid: DCID, dcid: CLIENT_ID, scid: SERVER_ID, frames, ...parts });
}

describe('a connection', () => {
  test.each([V1, V2, DRAFT_29])('of version $number gives both hellos', (version) => {
    const quic = connection();
    give(quic, 0, clientInitial(crypto(0, CLIENT), { version }));
    give(quic, 1, serverInitial(concat(hex('0200000000'), crypto(0, SERVER)), { version }));
    expect(quic.summary.client?.sni).toBe('example.com');
    expect(quic.summary.server?.cipher).toBe(0x1301);
    expect(quic.summary).toMatchObject({
      clientInitials: 1,
      serverInitials: 1,
      serverScidLength: 8,
      clientScidLength: 3,
    });
  });

  test('puts together CRYPTO frames of any order, over packets and datagrams', () => {
    const quic = connection();
    const cuts = [0, 3, 50, 51, 120, CLIENT.length];
    const frames = cuts.slice(1).map((end, i) => crypto(cuts[i]!, CLIENT.subarray(cuts[i]!, end)));
    const PING = hex('01');
    give(quic, 0, clientInitial(concat(frames[4]!, PING, new Uint8Array(9), frames[1]!)));
    give(quic, 0, clientInitial(concat(frames[3]!, frames[1]!, frames[0]!), { number: 1 }));
    expect(quic.summary.client).toBeNull();
    // The server has answered already: the client uses its id, but the keys stay.
    give(quic, 0, clientInitial(frames[2]!, { number: 300, numberBytes: 2, dcid: SERVER_ID }));
    expect(quic.summary.client?.sni).toBe('example.com');
    expect(quic.summary.clientInitials).toBe(3);
    expect(quic.summary.clientDcidLength).toBe(8);
  });

  test('reads packets that share a datagram', () => {
    const quic = connection();
    const first = clientInitial(crypto(0, CLIENT.subarray(0, 40)), { padTo: 60 });
    const second = clientInitial(crypto(40, CLIENT.subarray(40)), { padTo: 400, number: 1 });
    give(quic, 0, concat(first, second, opaque(V1, ZERO_RTT, DCID, CLIENT_ID, 700)));
    expect(quic.summary.client?.sni).toBe('example.com');
    expect(quic.summary).toMatchObject({ clientInitials: 2, hasZeroRtt: true });
    give(quic, 1, concat(serverInitial(crypto(0, SERVER)), opaque(V1, HANDSHAKE, CLIENT_ID, SERVER_ID)));
    expect(quic.isOver).toBe(false);
    give(quic, 0, concat(clientInitial(hex('0200000000'), { padTo: 30 }), opaque(V1, HANDSHAKE, SERVER_ID, CLIENT_ID)));
    expect(quic.isOver).toBe(true);
  });

  test('derives its keys anew after a Retry', () => {
    const quic = connection();
    give(quic, 0, clientInitial(crypto(0, CLIENT)));
    give(quic, 1, retry(V1, CLIENT_ID, OTHER));
    give(quic, 0, clientInitial(crypto(0, CLIENT), { keyDcid: OTHER, token: hex('746f6b656e') }));
    give(quic, 1, serverInitial(crypto(0, SERVER), { keyDcid: OTHER }));
    expect(quic.summary.server?.cipher).toBe(0x1301);
    expect(quic.summary).toMatchObject({ hasRetry: true, clientDcidLength: 8, serverScidLength: 8, clientInitials: 2 });
  });

  test('goes on after a version negotiation', () => {
    const quic = connection();
    const reserved = concat(hex('c0 1a2a3a4a 08'), DCID, hex('00'), new Uint8Array(1200));
    give(quic, 0, reserved);
    give(quic, 1, negotiation(new Uint8Array(0), DCID, 1, 0x6b3343cf));
    give(quic, 0, clientInitial(crypto(0, CLIENT), { keyDcid: OTHER }));
    expect(quic.summary).toMatchObject({ hasNegotiation: true, version: '1', clientVersion: '0x1a2a3a4a' });
    expect(quic.summary.client?.sni).toBe('example.com');
  });

  test('follows a server that changes the version on the way (RFC 9369 4.1)', () => {
    const quic = connection();
    give(quic, 0, clientInitial(crypto(0, CLIENT)));
    give(quic, 1, serverInitial(crypto(0, SERVER), { version: V2 }));
    expect(quic.summary.server?.cipher).toBe(0x1301);
    expect(quic.summary).toMatchObject({ version: '2', clientVersion: '1' });
  });

  test('knows the client though the server is seen first', () => {
    const quic = connection(1);
    give(quic, 1, serverInitial(crypto(0, SERVER), { padTo: 1180 }));
    give(quic, 0, clientInitial(crypto(0, CLIENT)));
    give(quic, 1, serverInitial(crypto(0, SERVER), { padTo: 1180, number: 1 }));
    expect(quic.summary.client?.sni).toBe('example.com');
    expect(quic.summary.server?.cipher).toBe(0x1301);
    expect(quic.summary).toMatchObject({
      clientInitials: 1,
      serverInitials: 2,
      clientScidLength: 3,
      serverScidLength: 8,
    });
  });

  test('tells the error of a CONNECTION_CLOSE', () => {
    const quic = connection();
    give(quic, 0, clientInitial(crypto(0, CLIENT)));
    give(quic, 1, serverInitial(hex('1c 4178 06 05 616c657274')));
    expect(quic.summary).toMatchObject({ closeError: 0x178, server: null });
  });

  test('reads what a short capture holds of a packet', () => {
    const datagram = clientInitial(crypto(0, CLIENT));
    for (let captured = 0; captured <= datagram.length; captured++) {
      const quic = connection();
      give(quic, 0, datagram, captured);
      const { client, plainName, clientInitials } = quic.summary;
      // Behind the headers of packet and frame.
      if (captured >= 22 + 5 + CLIENT.length) expect(client?.sni, String(captured)).toBe('example.com');
      else expect(client, String(captured)).toBeNull();
      if (captured > 140 && client === null) expect(plainName).toBe('example.com');
      if (captured > 40) expect(clientInitials).toBe(1);
    }
  });

  test('does not believe packets that do not open', () => {
    const quic = connection();
    const forged = clientInitial(crypto(0, CLIENT));
    forged[600]! ^= 1;
    give(quic, 0, forged);
    expect(quic.summary.client).toBeNull();
    give(quic, 0, clientInitial(crypto(0, CLIENT)));
    expect(quic.summary.client?.sni).toBe('example.com');
  });

  test('opens no client Initial in a datagram smaller than 1200 bytes (RFC 9000 14.1)', () => {
    const quic = connection();
    give(quic, 0, clientInitial(crypto(0, CLIENT), { padTo: 1000 }));
    expect(quic.summary.client).toBeNull();
  });

  test('tries four packets of a datagram and no more', () => {
    const quic = connection();
    const part = (i: number) => clientInitial(crypto(i, CLIENT.subarray(i, i + 1)), { padTo: 40, number: i });
    const datagram = concat(...Array.from({ length: 20 }, (_, i) => part(i)));
    give(quic, 0, datagram);
    expect(quic.untried).toBe(20 - QUIC_LIMITS.openingsPerDatagram);
    give(quic, 0, clientInitial(crypto(0, CLIENT), { number: 20 }));
    expect(quic.summary.client?.sni).toBe('example.com');
  });

  test('tries a few packets and no more, and counts the rest', () => {
    let openings = 0;
    const counted = {
      ...nodeCiphers,
      aes128Block: (key: Uint8Array, block: Uint8Array) => {
        openings++;
        return nodeCiphers.aes128Block(key, block);
      },
    };
    const quic = new QuicConnection(counted, WHOLE_HELLOS, 0);
    const forged = clientInitial(crypto(0, CLIENT));
    forged[600]! ^= 1;
    for (let i = 0; i < 80; i++) quic.datagram(0, forged, 0, forged.length, forged.length);
    expect(openings).toBeLessThanOrEqual(QUIC_LIMITS.openings);
    expect(quic.untried).toBe(80 - openings);
    for (let i = 0; i < 20; i++) quic.datagram(0, forged, 0, forged.length, forged.length);
    expect(quic.isOver).toBe(true);
  });
});

describe('the first look', () => {
  test.each<[string, Uint8Array, boolean]>([
    ['an Initial', clientInitial(crypto(0, CLIENT)), true],
    ['a Handshake packet', opaque(V1, HANDSHAKE, DCID, CLIENT_ID), true],
    ['a version that is not known', concat(hex('c0 12345678 08'), DCID, hex('00'), new Uint8Array(1200)), false],
    ['a reserved version', concat(hex('c0 0a0a0a0a 08'), DCID, hex('00'), new Uint8Array(1200)), true],
    [
      'a reserved version in a small datagram',
      concat(hex('c0 0a0a0a0a 08'), DCID, hex('00'), new Uint8Array(90)),
      false,
    ],
    ['a negotiation', negotiation(DCID, CLIENT_ID, 1), true],
    ['a negotiation of nothing known', negotiation(DCID, CLIENT_ID, 0x12345678), false],
    ['a length that does not fit', opaque(V1, HANDSHAKE, DCID, CLIENT_ID).subarray(0, 60), false],
    ['a connection id too long', concat(hex('c0 00000001 15'), new Uint8Array(1200)), false],
    ['a short header', concat(hex('40'), new Uint8Array(60)), false],
    ['a DNS answer', hex('c001 8180 0001 0001 0000 0000 03777777'), false],
    ['nothing', new Uint8Array(0), false],
  ])('at %s', (_, datagram, expected) => {
    expect(looksLikeQuic(datagram, 0, datagram.length, datagram.length)).toBe(expected);
  });
});
